# The recipe on sequences with one main moving object: the table in projects/s2d/README.md.
_base_ = './demo.py'

distill = dict(options={'train_cfg.max_iters': 800, 'param_scheduler.1.end': 800})
final = dict(options={'train_cfg.max_iters': 500, 'param_scheduler.1.end': 500})
# larger than in training: finer outlines of mostly small objects
inference = dict(scale=(432, 240))

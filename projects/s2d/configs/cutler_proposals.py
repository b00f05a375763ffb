# CutLER's proposals and the small model from scratch, for one GPU in about an hour (not measured).
# No page needs a click, no code but this package's: DIS flow follows the points.
#     python tools/download_weights.py cutler_cascade
_base_ = './demo.py'

proposer = dict(from_file='configs/proposals/cutler_cascade-mask-rcnn_r50_fpn.py')
selection = dict(min_score=0.35)
distill = dict(options={'train_cfg.max_iters': 4000, 'param_scheduler.1.end': 4000})
final = dict(options={'train_cfg.max_iters': 2000, 'param_scheduler.1.end': 2000})

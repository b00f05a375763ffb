# The recipe on sequences with one main moving object: the table in projects/s2d/README.md.
_base_ = './demo.py'

distill = dict(options={'train_cfg.max_iters': 1600, 'param_scheduler.1.end': 1600})
# the mean of the last weights: single steps of so small a batch leave holes in objects
final = dict(options={
    'train_cfg.max_iters': 900,
    'param_scheduler.1.end': 900,
    'custom_hooks': [dict(type='EMAHook', momentum=0.005)]
})
# motion over three frames too shows what is slow; it takes twice as long
keymask_refinement = [dict(type='EdgeRefiner'), dict(type='LearntOutline')]
dense_refinement = [
    dict(type='EdgeRefiner'), dict(type='LearntOutline'), dict(type='StrayRemover')]
result_refinement = dense_refinement
# proposals and keymasks follow edges better than so small a model
result_vote = dict(type='MaskVote')
# larger than in training: finer outlines of mostly small objects
inference = dict(scale=(432, 240))

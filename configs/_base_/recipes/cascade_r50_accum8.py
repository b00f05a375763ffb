# The same on one GPU: MMEngine counts iterations, of which a step takes 8. The batch norms see 2
# images at a time there.
_base_ = './cascade_r50.py'

model = dict(backbone=dict(with_cp=True))
optim_wrapper = dict(accumulative_counts=8)
max_iters = 1280000
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=8000),
    dict(type='MultiStepLR', begin=0, end=max_iters, by_epoch=False, milestones=[640000],
         gamma=0.02)
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters + 1)
default_hooks = dict(checkpoint=dict(interval=16000))
auto_scale_lr = dict(base_batch_size=2)

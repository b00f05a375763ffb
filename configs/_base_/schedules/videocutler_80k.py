# VideoCutLER's schedule: 16 clips a step.
_base_ = './distillation_32k.py'

optim_wrapper = dict(
    optimizer=dict(lr=2e-5),
    paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1, decay_mult=1.0)}))

# the published rate falls one step before the end: it is constant
max_iters = 80000
param_scheduler = [
    dict(type='MultiStepLR', begin=0, end=max_iters, by_epoch=False, milestones=[79999],
         gamma=0.1)
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters + 1)
auto_scale_lr = dict(base_batch_size=16)

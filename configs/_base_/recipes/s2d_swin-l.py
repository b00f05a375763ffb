_base_ = ['./s2d_r50.py', '../models/swin_l.py']

model = dict(
    detector=dict(
        backbone=_base_.swin_backbone,
        track_head=dict(in_channels=_base_.swin_in_channels)))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={
    name: dict(lr_mult=1.0, decay_mult=0.0) for name in _base_.swin_no_decay}))

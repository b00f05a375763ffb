_base_ = ['./s2d_r50_accum4.py', '../models/swin_l.py']

model = dict(
    detector=dict(
        backbone=dict(_base_.swin_backbone, with_cp=True),
        track_head=dict(in_channels=_base_.swin_in_channels)))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={
    name: dict(lr_mult=1.0, decay_mult=0.0) for name in _base_.swin_no_decay}))

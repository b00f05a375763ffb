_base_ = ['./final_r50.py', '../models/swin_l.py']

model = dict(
    backbone=_base_.swin_backbone,
    track_head=dict(in_channels=_base_.swin_in_channels))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=_base_.swin_decay))

# Variant 6: the EMA teacher gives targets in the second half of the training.
_base_ = './temporal_droploss.py'

custom_hooks = _base_.custom_hooks + [
    dict(type='LossWeightScheduleHook',
         teacher_loss_weight=dict(start=0.0, end=1.0, begin=_base_.max_iters // 2))
]

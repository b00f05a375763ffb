# Variant 5: the confident masks of the EMA teacher are targets too, from the first step on, as in
# the published recipe (which starts from trained weights).
_base_ = './temporal_droploss.py'

model = dict(teacher_loss_weight=1.0)

# Variant 4: keymasks alone; the EMA teacher gives no targets, but still predicts at the end.
_base_ = './temporal_droploss.py'

model = dict(teacher_loss_weight=0.0)

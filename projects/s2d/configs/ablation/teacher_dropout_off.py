# As teacher_dropout, but the teacher predicts its targets without dropout.
_base_ = './teacher_dropout.py'

model = dict(teacher_mode='eval')

# Variant 7: clips are drawn evenly from all windows of all instances, as published; without a
# window, around any frame. The base draws an instance first, and surrounds a keymask.
_base_ = './temporal_droploss.py'

train_pipeline = _base_.train_pipeline
train_pipeline[0].choice = 'windows'
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

# Variant 9: the augmentation of variant 8, drawn anew for each frame of a clip, as published.
_base_ = './augmented_alike.py'

train_pipeline = _base_.train_pipeline
train_pipeline[1].share_random_params = False
train_pipeline[3].share_random_params = False
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

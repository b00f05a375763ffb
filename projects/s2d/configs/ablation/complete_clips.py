# Variant 3: only clips in which no keymask is missing.
_base_ = './temporal_droploss.py'

train_dataloader = dict(dataset=dict(ann_file='complete_clips.json'))

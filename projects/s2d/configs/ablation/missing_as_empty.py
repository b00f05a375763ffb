# Variant 2: without Temporal DropLoss. A frame without a keymask is an empty mask, for the losses
# and for the matching.
_base_ = './match_missing_as_empty.py'

model = dict(detector=dict(track_head=dict(
    loss_mask=dict(
        _delete_=True, type='CrossEntropyLoss', use_sigmoid=True, reduction='mean',
        loss_weight=5.0),
    loss_dice=dict(_delete_=True, type='WeightedDiceLoss', loss_weight=5.0))))

# Variant 1 and the base of all others: Temporal DropLoss on keymasks, matching on known frames. The
# small recipe, smaller still: 64 x 96 pixels, half the width of backbone, fewer layers and queries.
# The EMA of the weights predicts at the end in every variant; as a teacher it has rows of its own,
# because it costs a model that starts from random weights (projects/s2d/ablation/README.md).
_base_ = '../../../../configs/sparse_to_dense/s2d_small.py'

data_root = 'data/'  # set by projects/s2d/ablation/ablate_temporal_droploss.py
_norm = dict(_delete_=True, type='GN', num_groups=16)
model = dict(
    teacher_loss_weight=0.0,
    detector=dict(
        backbone=dict(stem_channels=16, base_channels=16, norm_cfg=_norm),
        track_head=dict(
            in_channels=[16, 32, 64, 128],
            num_queries=8,
            pixel_decoder=dict(encoder=dict(num_layers=1)),
            transformer_decoder=dict(num_layers=2)),
        test_cfg=dict(top_k=8)))

train_pipeline = [
    dict(type='KeymaskClipSample', num_frames=3, frame_range=6, choice='instances',
         strides=(1, 2, 3)),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadKeymasks'),
            dict(type='RandomFlip', prob=0.5),
            dict(type='ClipColorJitter', brightness=0.2, contrast=0.2, pivot='grey'),
        ]),
    dict(type='PackTrackInputs', default_meta_keys=_base_.pack_meta_keys),
]
test_pipeline = [
    dict(type='TransformBroadcaster', transforms=[dict(type='LoadImageFromFile')]),
    dict(type='PackTrackInputs', default_meta_keys=_base_.pack_meta_keys),
]
# tiny frames: reading them is cheaper than another process
train_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False,
    dataset=dict(data_root=data_root, ann_file='keymasks.json',
                 data_prefix=dict(img_path='frames/'), pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=0, persistent_workers=False,
    dataset=dict(data_root=data_root, ann_file='held_out.json',
                 data_prefix=dict(img_path='frames/'), pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'held_out.json')
test_evaluator = val_evaluator

# the larger of two rates tried: better for the variant without Temporal DropLoss, as good with it
optim_wrapper = dict(optimizer=dict(lr=1e-3))
max_iters = 500
train_cfg = dict(max_iters=max_iters, val_interval=max_iters + 1)
_base_.param_scheduler[1].end = max_iters
default_hooks = dict(checkpoint=None)  # a run takes little more than a minute

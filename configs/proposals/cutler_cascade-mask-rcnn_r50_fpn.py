# Proposals of CutLER's detector. `checkpoint` is the published one (CC-BY-NC-SA), which the first
# line fetches and converts; one of your own: proposer.checkpoint, see cutler_to_mmdet.py.
#     python tools/download_weights.py cutler_cascade
#     python tools/propose_masks.py configs/proposals/cutler_cascade-mask-rcnn_r50_fpn.py \
#         --videos VIDEOS --out PROPOSALS
_base_ = '../_base_/models/cascade-mask-rcnn_r50_fpn.py'
default_scope = 's2d_plugins'

# the weights come from the checkpoint
model = dict(backbone=dict(init_cfg=None))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True, backend='pillow'),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))
]

proposer = dict(
    type='DetectorProposer',
    config=dict(
        default_scope=default_scope,
        model=dict(_base_.model, backbone=dict(_base_.model.backbone, init_cfg=None)),
        test_pipeline=test_pipeline),
    checkpoint='s2d://cutler_cascade',
    score_thr=0.35,
    max_masks=100)

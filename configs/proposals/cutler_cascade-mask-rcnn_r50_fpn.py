# Proposals of CutLER's detector. `checkpoint` is the published one (CC-BY-NC-SA), converted:
#     python tools/model_converters/cutler_to_mmdet.py cutler_cascade_final.pth \
#         checkpoints/cutler_cascade-mask-rcnn_r50_fpn.pth
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
    checkpoint='checkpoints/cutler_cascade-mask-rcnn_r50_fpn.pth',
    score_thr=0.35,
    max_masks=100)

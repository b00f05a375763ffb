# mmdet's image Mask2Former, one class. Its parts have the shapes of the video segmenter's,
# so that its weights start both rounds. The backbone starts from DINO, which saw no labels
# (the usual ImageNet weights were trained with them).
_base_ = './mask2former_video_r50.py'

_video_head = _base_.detector.track_head
model = dict(
    type='Mask2Former',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=32,
        batch_augments=[dict(type='BatchFixedSizePad', size=(1024, 1024), pad_mask=True)]),
    backbone=dict(
        _base_.detector.backbone,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://dl.fbaipublicfiles.com/dino/dino_resnet50_pretrain/'
            'dino_resnet50_pretrain.pth')),
    panoptic_head=dict(
        type='Mask2FormerHead',
        num_things_classes=1,
        num_stuff_classes=0,
        positional_encoding=dict(num_feats=128, normalize=True),
        **{key: value for key, value in _video_head.items() if key not in (
            'type', 'num_classes', 'num_frames', 'positional_encoding', 'train_cfg')}),
    panoptic_fusion_head=dict(
        type='MaskFormerFusionHead', num_things_classes=1, num_stuff_classes=0,
        loss_panoptic=None),
    train_cfg=_video_head.train_cfg,
    test_cfg=dict(
        panoptic_on=False, semantic_on=False, instance_on=True, max_per_image=100, iou_thr=0.8,
        filter_low_score=True))

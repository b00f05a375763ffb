# ImageNet with MaskCut's masks, as imagenet_image_masks.py, resized for the detector.
_base_ = './image_masks_shortest-edge.py'

train_dataloader = dict(
    dataset=dict(
        metainfo=dict(classes=('fg',)),
        data_root='data/imagenet/',
        ann_file='annotations/imagenet_train_fixsize480_tau0.15_N3.json',
        data_prefix=dict(img='train/')))

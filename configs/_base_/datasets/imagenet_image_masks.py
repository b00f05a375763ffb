# ImageNet with MaskCut's masks, the file that CutLER publishes; measured as in image_masks.py.
_base_ = './image_masks.py'

train_dataloader = dict(
    dataset=dict(
        metainfo=dict(classes=('fg',)),
        data_root='data/imagenet/',
        ann_file='annotations/imagenet_train_fixsize480_tau0.15_N3.json',
        data_prefix=dict(img='train/')))

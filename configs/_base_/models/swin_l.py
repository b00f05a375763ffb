# Swin-L for windows of 12, as Mask2Former uses it.
_base_ = './swin_t.py'

swin_backbone = dict(
    pretrain_img_size=384,
    embed_dims=192,
    depths=[2, 2, 18, 2],
    num_heads=[6, 12, 24, 48],
    window_size=12)
swin_in_channels = [192, 384, 768, 1536]

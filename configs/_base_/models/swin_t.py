# Swin-T in place of ResNet-50, as Mask2Former uses it: what differs in model and weight decay.
swin_backbone = dict(
    _delete_=True,
    type='SwinTransformer',
    embed_dims=96,
    depths=[2, 2, 6, 2],
    num_heads=[3, 6, 12, 24],
    window_size=7,
    drop_path_rate=0.3,
    patch_norm=True,
    convert_weights=True)
swin_in_channels = [96, 192, 384, 768]

# What does not decay. In optim_wrapper's custom_keys the longest key that is part of a parameter's
# name counts, so these win over 'backbone'.
swin_no_decay = [
    'absolute_pos_embed', 'relative_position_bias_table', 'backbone.patch_embed.norm',
    'backbone.norm', '.downsample.norm',
    *(f'.norm{place}.{name}' for place in (1, 2) for name in ('weight', 'bias'))
]

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

# The longest key that is part of a parameter's name counts, so these win over 'backbone'.
_no_decay = dict(lr_mult=0.1, decay_mult=0.0)
swin_decay = {
    'absolute_pos_embed': _no_decay,
    'relative_position_bias_table': _no_decay,
    'backbone.patch_embed.norm': _no_decay,
    'backbone.norm': _no_decay,
    '.downsample.norm': _no_decay,
    **{f'.norm{place}.{name}': _no_decay for place in (1, 2) for name in ('weight', 'bias')}
}

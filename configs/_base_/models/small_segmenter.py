# A segmenter that learns from scratch on two CPU cores: ResNet-18 with group norm, at half
# width, narrow decoders, few queries, no dropout. GN because clips are too few for batch
# statistics.
_width = 64
_attention = dict(embed_dims=_width, num_heads=4)
small_segmenter = dict(
    test_cfg=dict(_delete_=True, top_k=10),
    backbone=dict(
        depth=18,
        stem_channels=32,
        base_channels=32,
        norm_cfg=dict(_delete_=True, type='GN', num_groups=32),
        norm_eval=False),
    track_head=dict(
        in_channels=[32, 64, 128, 256],
        feat_channels=_width,
        out_channels=_width,
        num_queries=12,
        pixel_decoder=dict(
            encoder=dict(
                num_layers=2,
                layer_cfg=dict(
                    self_attn_cfg=dict(_attention, dropout=0.0),
                    ffn_cfg=dict(
                        embed_dims=_width, feedforward_channels=4 * _width, ffn_drop=0.0))),
            positional_encoding=dict(num_feats=_width // 2)),
        positional_encoding=dict(num_feats=_width // 2),
        transformer_decoder=dict(
            num_layers=3,
            layer_cfg=dict(
                self_attn_cfg=_attention,
                cross_attn_cfg=_attention,
                ffn_cfg=dict(embed_dims=_width, feedforward_channels=4 * _width)))))

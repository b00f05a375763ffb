"""The two RAFT models of mmflow (Teed and Deng, ECCV 2020) as model configs."""

#: RAFT trained on mixed data, as published by mmflow; matches :func:`raft`.
RAFT_CHECKPOINT = ('https://download.openmmlab.com/mmflow/raft/'
                   'raft_8x2_100k_mixed_368x768.pth')


def raft(iters: int = 12) -> dict:
    """Return RAFT (5.3 million parameters), refined ``iters`` times."""
    return _model('Basic', 256, 256, 'BN', 4, 128, 128, 'SeqConv', 256, iters)


def raft_small(iters: int = 12) -> dict:
    """Return RAFT-small (1 million parameters), refined ``iters`` times."""
    # The authors' context encoder has no normalization; mmflow's asks for one.
    return _model('Small', 128, 160, 'IN', 3, 96, 64, 'Conv', 128, iters)


def _model(net_type: str, channels: int, context_channels: int, context_norm: str,
           radius: int, h_channels: int, cxt_channels: int, gru: str, feat_channels: int,
           iters: int) -> dict:
    initial = [dict(type='Kaiming', layer=['Conv2d'], mode='fan_out', nonlinearity='relu')]
    return dict(
        type='RAFT',
        data_preprocessor=dict(type='FlowDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3,
                               bgr_to_rgb=False),
        num_levels=4, radius=radius, cxt_channels=cxt_channels, h_channels=h_channels,
        encoder=dict(type='RAFTEncoder', in_channels=3, out_channels=channels,
                     net_type=net_type, norm_cfg=dict(type='IN'), init_cfg=initial),
        cxt_encoder=dict(type='RAFTEncoder', in_channels=3, out_channels=context_channels,
                         net_type=net_type, norm_cfg=dict(type=context_norm), init_cfg=initial),
        decoder=dict(type='RAFTDecoder', net_type=net_type, num_levels=4, radius=radius,
                     iters=iters, corr_op_cfg=dict(type='CorrLookup', align_corners=True),
                     gru_type=gru, feat_channels=feat_channels,
                     flow_loss=dict(type='SequenceLoss'), act_cfg=dict(type='ReLU')),
        freeze_bn=False, train_cfg=dict(), test_cfg=dict())

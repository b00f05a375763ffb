"""mmflow's RAFT (Teed and Deng, ECCV 2020) as a model config."""

#: RAFT trained on mixed data, as published by mmflow; matches :func:`raft`.
RAFT_CHECKPOINT = ('https://download.openmmlab.com/mmflow/raft/'
                   'raft_8x2_100k_mixed_368x768.pth')


def raft(iters: int = 12) -> dict:
    """Return RAFT (5.3 million parameters), refined ``iters`` times."""
    initial = [dict(type='Kaiming', layer=['Conv2d'], mode='fan_out', nonlinearity='relu')]
    encoder = dict(type='RAFTEncoder', in_channels=3, out_channels=256, net_type='Basic',
                   init_cfg=initial)
    return dict(
        type='RAFT',
        data_preprocessor=dict(type='FlowDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3),
        num_levels=4, radius=4, cxt_channels=128, h_channels=128,
        encoder=dict(norm_cfg=dict(type='IN'), **encoder),
        cxt_encoder=dict(norm_cfg=dict(type='BN'), **encoder),
        decoder=dict(type='RAFTDecoder', net_type='Basic', num_levels=4, radius=4, iters=iters,
                     corr_op_cfg=dict(type='CorrLookup', align_corners=True),
                     gru_type='SeqConv', flow_loss=dict(type='SequenceLoss'),
                     act_cfg=dict(type='ReLU')))

# Small RAFT of mmflow, trained on made motion of real frames: no labels, no downloads.
#   python tools/train.py configs/motion/raft_small_warps.py --cfg-options data_root=videos/
#   python tools/analysis_tools/flow_error.py --videos videos/ --checkpoint work_dirs/...pth
default_scope = 'mmflow'
custom_imports = dict(imports=['s2d_plugins.motion.warped_frames'])
data_root = 'data/videos/'

initial = [dict(type='Kaiming', layer=['Conv2d'], mode='fan_out', nonlinearity='relu')]
encoder = dict(type='RAFTEncoder', in_channels=3, net_type='Small', norm_cfg=dict(type='IN'),
               init_cfg=initial)
model = dict(
    type='RAFT',
    data_preprocessor=dict(type='FlowDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3),
    num_levels=4,
    radius=3,
    h_channels=96,
    cxt_channels=64,
    encoder=dict(out_channels=128, **encoder),
    # the authors' context encoder has no normalization; mmflow's asks for one
    cxt_encoder=dict(out_channels=160, **encoder),
    decoder=dict(
        type='RAFTDecoder', net_type='Small', num_levels=4, radius=3, iters=6, gru_type='Conv',
        feat_channels=128, corr_op_cfg=dict(type='CorrLookup', align_corners=True),
        flow_loss=dict(type='SequenceLoss'), act_cfg=dict(type='ReLU')))
train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(type='s2d_plugins.WarpedFrames', videos=data_root, size=(192, 256)))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=100000)
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=4e-4, weight_decay=1e-5), clip_grad=dict(max_norm=1.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, begin=0, end=5000, by_epoch=False),
    dict(type='PolyLR', power=1.0, eta_min=0.0, begin=5000, end=100000, by_epoch=False)
]
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1000, by_epoch=False, max_keep_ckpts=2,
                    save_optimizer=True))
log_processor = dict(by_epoch=False)
randomness = dict(seed=0)

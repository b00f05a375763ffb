# Small RAFT of mmflow, trained on made motion of real frames: no labels, no downloads.
#   python tools/train.py configs/motion/raft_small_warps.py --cfg-options data_root=videos/
#   python tools/analysis_tools/flow_error.py --videos videos/ --checkpoint work_dirs/...pth
from s2d_plugins.motion.raft_models import raft_small

default_scope = 'mmflow'
custom_imports = dict(imports=['s2d_plugins.motion.warped_frames'])
data_root = 'data/videos/'

model = raft_small(iters=6)
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
param_scheduler = dict(
    type='OneCycleLR', eta_max=4e-4, total_steps=100000, pct_start=0.05, anneal_strategy='linear',
    by_epoch=False)
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1000, by_epoch=False, max_keep_ckpts=1,
                    save_optimizer=True))
log_processor = dict(by_epoch=False)
randomness = dict(seed=0)

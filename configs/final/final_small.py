# Final training in minutes on two CPU cores, starting from the distilled teacher.
_base_ = [
    '../_base_/models/segmenter_r50.py', '../_base_/models/small_segmenter.py',
    '../_base_/schedules/small.py', '../_base_/datasets/small_clips.py',
    '../_base_/default_runtime.py'
]

model = _base_.small_segmenter

max_iters = 200
train_cfg = dict(max_iters=max_iters, val_interval=max_iters + 1)
_base_.param_scheduler[1].end = max_iters
default_hooks = dict(checkpoint=dict(interval=100, max_keep_ckpts=2))

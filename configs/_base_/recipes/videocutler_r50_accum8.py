# For one 24 GB GPU: checkpointed activations, and steps of 8 iterations of 2 clips.
# MMEngine counts iterations: whatever is meant in optimiser steps is 8 times that.
_base_ = './videocutler_r50.py'

accumulative_counts = 8
model = dict(backbone=dict(with_cp=True))
optim_wrapper = dict(accumulative_counts=accumulative_counts)

max_iters = _base_.max_iters * accumulative_counts
param_scheduler = [
    dict(scheduler, end=max_iters,
         milestones=[step * accumulative_counts for step in scheduler.milestones])
    for scheduler in _base_.param_scheduler
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters + 1)
default_hooks = dict(
    checkpoint=dict(interval=_base_.default_hooks.checkpoint.interval * accumulative_counts))
# `auto_scale_lr` compares this with GPUs x batch size alone, so what is accumulated is left out
auto_scale_lr = dict(
    base_batch_size=_base_.auto_scale_lr.base_batch_size // accumulative_counts)

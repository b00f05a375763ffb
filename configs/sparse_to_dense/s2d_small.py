# Sparse to dense from scratch in minutes on two CPU cores. Differs from the published recipe where
# training from scratch asks for it: the class head learns too (its no-object targets weighted by
# what the keymasks prove), and the teacher follows faster because there are few steps.
_base_ = [
    '../_base_/models/distiller_r50.py', '../_base_/models/small_segmenter.py',
    '../_base_/schedules/small.py', '../_base_/datasets/small_clips.py',
    '../_base_/default_runtime.py'
]

model = dict(detector=_base_.small_segmenter)
model['detector']['track_head'].update(
    loss_cls=dict(loss_weight=2.0),
    unmatched_queries=dict(type='KeymaskEvidence'),
    match_known_frames_only=True,
    train_cfg=dict(
        # with a class loss the class belongs into the matching: else similar queries take turns
        assigner=dict(match_costs=[
            dict(type='ClassificationCost', weight=2.0),
            dict(type='CrossEntropyLossCost', weight=5.0, use_sigmoid=True),
            dict(type='DiceCost', weight=5.0, pred_act=True, eps=1.0)
        ])))
optim_wrapper = dict(constructor='StudentOptimWrapperConstructor')
custom_hooks = [dict(type='ScheduledMeanTeacherHook', momentum=0.02, interval=1)]
default_hooks = dict(checkpoint=dict(interval=100, max_keep_ckpts=2))

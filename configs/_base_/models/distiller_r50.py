# Student and EMA teacher with Temporal DropLoss on both mask losses.
_base_ = './mask2former_video_r50.py'

_cross_entropy = dict(
    type='CrossEntropyLoss', use_sigmoid=True, reduction='mean', loss_weight=5.0)
_dice = dict(type='WeightedDiceLoss', loss_weight=5.0)
_base_.detector.track_head.merge(
    dict(
        # no class loss: the weights that training starts from already classify
        loss_cls=dict(loss_weight=0.0),
        loss_mask=dict(_delete_=True, type='TemporalDropLoss', loss=_cross_entropy),
        loss_dice=dict(_delete_=True, type='TemporalDropLoss', loss=_dice),
        train_cfg=dict(
            num_points=160000,
            assigner=dict(
                type='HungarianAssigner',
                match_costs=[
                    dict(type='CrossEntropyLossCost', weight=5.0, use_sigmoid=True),
                    dict(type='DiceCost', weight=5.0, pred_act=True, eps=1.0)
                ]))))
model = dict(
    type='SparseToDenseDistiller',
    detector=_base_.detector,
    teacher_score_thr=0.75,
    teacher_max_instances=100)
custom_hooks = [dict(type='ScheduledMeanTeacherHook', momentum=0.001, interval=1)]

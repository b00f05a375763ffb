"""Hooks: when things happen during training."""

from .checkpoint_fit_hook import CheckpointFitHook
from .clip_drawing_hook import ClipDrawingHook
from .compile_hook import CompileHook
from .exact_resume_hook import ExactResumeHook
from .loss_weight_schedule_hook import LossWeightScheduleHook
from .motion_prior_hook import MotionPriorHook
from .non_finite_loss_hook import NonFiniteLossHook
from .scheduled_mean_teacher_hook import ScheduledMeanTeacherHook
from .track_drawing_hook import TrackDrawingHook

__all__ = ['CheckpointFitHook', 'ClipDrawingHook', 'CompileHook', 'ExactResumeHook',
           'LossWeightScheduleHook', 'MotionPriorHook', 'NonFiniteLossHook',
           'ScheduledMeanTeacherHook', 'TrackDrawingHook']

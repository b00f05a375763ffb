"""Metrics: class-agnostic VIS AP and AR, AP and AR of frames, DAVIS J and F, stage tables."""

from .class_agnostic_vis_metric import ClassAgnosticVISMetric
from .davis import evaluate_davis
from .davis_metric import DAVISMetric
from .frames import evaluate_frames
from .stages import evaluate_stages
from .vis import evaluate_vis

__all__ = ['ClassAgnosticVISMetric', 'DAVISMetric', 'evaluate_davis', 'evaluate_frames',
           'evaluate_stages', 'evaluate_vis']

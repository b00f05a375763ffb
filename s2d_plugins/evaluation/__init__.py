"""Metrics: class-agnostic VIS AP and AR, AP and AR of frames, DAVIS J and F."""

from .class_agnostic_vis_metric import ClassAgnosticVISMetric
from .davis import evaluate_davis
from .davis_metric import DAVISMetric
from .frame_ap import evaluate_frames
from .tube_ap import evaluate_vis

__all__ = ['ClassAgnosticVISMetric', 'DAVISMetric', 'evaluate_davis', 'evaluate_frames',
           'evaluate_vis']

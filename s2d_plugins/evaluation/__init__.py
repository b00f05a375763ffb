"""Metrics: class-agnostic VIS AP and AR, frame AP and AR, DAVIS J and F."""

from .class_agnostic_vis_metric import ClassAgnosticVISMetric
from .vis import evaluate_vis

__all__ = ['ClassAgnosticVISMetric', 'evaluate_vis']

"""Hooks: when things happen during training."""

from .motion_prior_hook import MotionPriorHook

__all__ = ['MotionPriorHook']

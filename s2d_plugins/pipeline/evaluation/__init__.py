"""How good the masks are after each stage of a run."""

from .stage_table import evaluate_stages, format_stages

__all__ = ['evaluate_stages', 'format_stages']

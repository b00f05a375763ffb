"""The report page: one HTML file that shows what a run has made, for a person to look at."""

from .write import PageSize, write_report

__all__ = ['PageSize', 'write_report']

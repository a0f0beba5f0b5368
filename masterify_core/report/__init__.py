"""Reports: what was measured, decided and delivered, as values and as a page that shows and plays it."""

from masterify_core.report.plots import check_kind, comparison_panels, song_panels, write_plot
from masterify_core.report.writing import write_analysis_reports, write_mastering_reports

__all__ = [
    "check_kind",
    "comparison_panels",
    "song_panels",
    "write_analysis_reports",
    "write_mastering_reports",
    "write_plot",
]

"""Plots as PNG and SVG files, without a plotting library."""

from masterify_core.plotting.axes import Axis
from masterify_core.plotting.panels import Band, Curve, Panel
from masterify_core.plotting.png import as_png
from masterify_core.plotting.svg import as_svg

__all__ = ["Axis", "Band", "Curve", "Panel", "as_png", "as_svg"]

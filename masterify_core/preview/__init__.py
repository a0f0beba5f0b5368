"""Previews: what a song becomes in several genres and intensities, heard before any master is made."""

from masterify_core.preview.making import make_preview
from masterify_core.preview.request import PreviewRequest

__all__ = ["PreviewRequest", "make_preview"]

"""What a preview is asked for: a song, and the genres and intensities to hear it in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from masterify_core.errors import SettingError
from masterify_core.request import DEFAULT_PLATFORM
from masterify_core.schema import Checked, Count, Range

MOST_VARIANTS = 12  # more than anybody can keep apart by ear, and what a page of 6 MB holds
USUAL_INTENSITIES = (25.0, 75.0)  # neighbours sound too much alike to choose between


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRequest(Checked):
    """What to hear.

    Attributes
    ----------
    source
        Path of the song.
    given
        What the user calls it, for the command lines of the page; without it ``source``.
    out_dir
        Folder of the page; without it a folder ``masters`` beside the song.
    genres
        Names of presets; without any, those whose plans for this song differ most.
    intensities
        0 to 100.
    ai_service, tier
        Names of presets.
    platform
        Whose loudness and ceiling are limited to, before all are brought to one loudness for listening.
    seconds
        How much of the song; less if the page would grow too large.
    existing
        What to do about a page that is there already.
    """

    source: str
    given: str = ""
    out_dir: str | None = None
    genres: Annotated[tuple[str, ...], Count(0, MOST_VARIANTS)] = ()
    intensities: Annotated[tuple[Annotated[float, Range(0.0, 100.0)], ...], Count(1, MOST_VARIANTS)] = (
        USUAL_INTENSITIES
    )
    ai_service: str = "other"
    tier: str = "standard"
    platform: str = DEFAULT_PLATFORM
    seconds: Annotated[float, Range(5.0, 60.0, "s")] = 25.0
    existing: Literal["refuse", "overwrite"] = "refuse"

    def check(self) -> None:
        """No more variants than can be told apart."""
        count = len(set(self.genres)) * len(set(self.intensities))
        if count > MOST_VARIANTS:
            raise SettingError(
                "genres",
                f"times intensities must be at most {MOST_VARIANTS} variants, got {len(set(self.genres))} "
                f"times {len(set(self.intensities))}",
            )

    @property
    def page_path(self) -> Path:
        """Where the page will be."""
        source = Path(self.source)
        folder = Path(self.out_dir) if self.out_dir is not None else source.parent / "masters"
        return folder / f"{source.stem} (Preview).html"

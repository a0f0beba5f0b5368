"""What a platform preset says: targets, codecs, playback, and where each number comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from masterify_core.errors import SettingError
from masterify_core.schema import Checked, Count, Range, hints_of, unknown

Lufs = Annotated[float, Range(-40.0, -5.0, "LUFS")]
Dbtp = Annotated[float, Range(-12.0, 0.0, "dBTP")]
Confidence = Literal["official", "measured", "reported", "choice", "undocumented"]
"""How sure a number is.

official: the platform publishes it. measured: by others or by this project, on the platform or its codecs.
reported: press, distributors or engineers say so. choice: ours, for the reason given.
undocumented: nothing published was found; the number is ours and no standard of the platform.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Checked):
    """Where numbers of a preset come from.

    Attributes
    ----------
    keys
        Keys of the preset that this stands behind.
    what
        What is said there, in a sentence.
    confidence
        See `Confidence`.
    url
        Page or document; empty where there is none.
    """

    keys: Annotated[tuple[str, ...], Count(1, 20)]
    what: str
    confidence: Confidence
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec(Checked):
    """How the platform sends music to listeners; ``kbps`` (kbit/s) is left out for lossless ones."""

    name: Literal["aac", "alac", "flac", "mp3", "opus", "pcm", "vorbis"]
    kbps: Annotated[float, Range(8.0, 1000.0, "kbit/s")] | None = None

    def __str__(self) -> str:
        """Answer e.g. ``AAC 256``."""
        title = self.name.capitalize() if self.name in ("opus", "vorbis") else self.name.upper()
        return f"{title} {self.kbps:g}" if self.kbps is not None else title


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackMode(Checked):
    """Another way to play that listeners can choose in the platform's settings.

    Attributes
    ----------
    name
        As the platform calls it.
    target_lufs
        Loudness that songs are turned to, up or down, LUFS.
    limits_from_dbfs
        A limiter keeps samples under this where turning up would pass it, dBFS; left out where none is
        documented.
    """

    name: str
    target_lufs: Lufs
    limits_from_dbfs: Dbtp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback(Checked):
    """What the platform's players do to the level, as they come.

    Attributes
    ----------
    target_lufs
        Loudness that songs are played at, LUFS; left out where nothing is normalised.
    raises_quiet
        Quieter songs are turned up, too.
    raises_to_dbtp
        Turning up stops when the true peak gets here, dBTP.
    modes
        What listeners can choose instead.
    """

    target_lufs: Lufs | None = None
    raises_quiet: bool = False
    raises_to_dbtp: Dbtp = -1.0
    modes: tuple[PlaybackMode, ...] = ()

    def gain_db(self, integrated_lufs: float, true_peak_dbtp: float) -> float:
        """Gain in dB that listeners get, 0 where nothing is normalised.

        >>> spotify = Playback(target_lufs=-14.0, raises_quiet=True)
        >>> spotify.gain_db(-9.0, -1.0), spotify.gain_db(-20.0, -5.0)
        (-5.0, 4.0)
        """
        if self.target_lufs is None:
            return 0.0
        wanted_db = self.target_lufs - integrated_lufs
        if wanted_db <= 0.0:
            return wanted_db
        return max(0.0, min(wanted_db, self.raises_to_dbtp - true_peak_dbtp)) if self.raises_quiet else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepts(Checked):
    """What files the platform takes; what is left out is not known to matter.

    Attributes
    ----------
    containers
        Kinds of files, the preferred first.
    least_rate_hz, least_bit_depth, channels
        At least this rate (Hz) and depth, exactly so many channels.
    wished_bit_depth
        Depth that is asked for, while less is taken, too.
    plain_wav
        WAV files must have format tag 1 (PCM) and hold nothing but audio from the data chunk on.
    """

    containers: tuple[Literal["aiff", "flac", "wav"], ...] = ()
    least_rate_hz: Annotated[int, Range(8000, 192000, "Hz")] | None = None
    least_bit_depth: Annotated[int, Range(8, 32)] | None = None
    wished_bit_depth: Annotated[int, Range(8, 32)] | None = None
    channels: Annotated[int, Range(1, 2)] | None = None
    plain_wav: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform(Checked):
    """Where a master goes and what it must measure there.

    Attributes
    ----------
    title
        Name for people and file names.
    loudness_lufs
        Integrated loudness to meet, LUFS.
    loudness_by_genre
        Loudness for single genres instead, LUFS.
    ceiling_dbtp
        True peak never to exceed, dBTP.
    ceiling_loud_dbtp, loud_above_lufs
        Another ceiling for targets louder than that loudness, dBTP and LUFS; both or none.
    sample_rate_hz, bit_depth
        What the file must have; left out where the source's rate and the asked depth stay.
    codecs
        What listeners get; premium masters are checked after these.
    playback
        What players do to the level.
    accepts
        What files it takes.
    in_api
        One of the names that the REST service accepts.
    sources
        Where the numbers come from.
    note
        What else to know.
    """

    title: str
    loudness_lufs: Lufs
    loudness_by_genre: dict[str, Lufs] = field(default_factory=dict, hash=False)
    ceiling_dbtp: Dbtp = -1.0
    ceiling_loud_dbtp: Dbtp | None = None
    loud_above_lufs: Lufs | None = None
    sample_rate_hz: Annotated[int, Range(8000, 192000, "Hz")] | None = None
    bit_depth: Literal["16", "24", "32f"] | None = None
    codecs: tuple[Codec, ...] = ()
    playback: Playback = Playback()
    accepts: Accepts = Accepts()
    in_api: bool = False
    sources: tuple[Source, ...] = ()
    note: str = ""

    def check(self) -> None:
        """Ask for both halves of the loud ceiling or none, and refuse sources of keys that do not exist."""
        if (self.ceiling_loud_dbtp is None) != (self.loud_above_lufs is None):
            missing = "loud_above_lufs" if self.loud_above_lufs is None else "ceiling_loud_dbtp"
            raise SettingError(missing, "is missing: ceiling_loud_dbtp and loud_above_lufs need each other")
        check_sources(self, self.sources)

    def target_lufs(self, genre: str) -> float:
        """Integrated loudness to meet for a genre, LUFS."""
        return self.loudness_by_genre.get(genre, self.loudness_lufs)

    def ceiling_for(self, target_lufs: float) -> float:
        """Ceiling in dBTP for a loudness target, which may be another than the platform's own.

        >>> spotify = Platform(title="", loudness_lufs=-14, ceiling_loud_dbtp=-2, loud_above_lufs=-14)
        >>> spotify.ceiling_for(-14.0), spotify.ceiling_for(-9.0)
        (-1.0, -2.0)
        """
        if self.ceiling_loud_dbtp is None or self.loud_above_lufs is None:
            return self.ceiling_dbtp
        return self.ceiling_loud_dbtp if target_lufs > self.loud_above_lufs else self.ceiling_dbtp

    def source_of(self, key: str) -> Source | None:
        """First source that stands behind a key; None for numbers without one (own presets)."""
        return next((source for source in self.sources if key in source.keys), None)


def check_sources(preset: Checked, sources: tuple[Source, ...]) -> None:
    """Raise `SettingError` where a source names a key that the preset cannot have."""
    known = list(hints_of(type(preset)))
    for place, source in enumerate(sources):
        for key in source.keys:
            if key not in known:
                raise SettingError(f"sources[{place}].keys: {key}", unknown(key, known))

"""What genre, AI source and tier presets say: the sound aimed at, and how far to go for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from masterify_core.errors import SettingError
from masterify_core.preset_platform import Lufs, Source, check_sources
from masterify_core.schema import Checked, Count, Range

THIRD_OCTAVES_HZ = (
    31.5, 40.0, 50.0, 63.0, 80.0, 100.0, 125.0, 160.0, 200.0, 250.0, 315.0, 400.0, 500.0, 630.0,
    800.0, 1000.0, 1250.0, 1600.0, 2000.0, 2500.0, 3150.0, 4000.0, 5000.0, 6300.0, 8000.0, 10000.0,
    12500.0, 16000.0,
)  # fmt: skip
"""Nominal centres (IEC 61260-1) of the values of a tonal curve."""

NINE_BANDS_HZ = (0.0, 148.0, 392.0, 795.0, 1458.0, 2550.0, 4349.0, 7314.0, 12199.0)
"""Lower edges of the nine bands of dynamics and width (equal ERB steps); the last ends at half the rate."""

REPAIRS = ("declick", "denoise", "image", "edges")
"""Stages that need findings, see `metering.findings`."""

STAGE_ORDER = ("repair", *REPAIRS, "tone", "stereo", "dynamic_eq", "match", "dynamics", "saturation")

StageName = Literal[
    "repair", "declick", "denoise", "image", "edges", "tone", "stereo", "dynamic_eq", "match", "dynamics", "saturation",
]  # fmt: skip

CurveDb = Annotated[tuple[Annotated[float, Range(-40.0, 20.0, "dB")], ...], Count(len(THIRD_OCTAVES_HZ))]
SpreadDb = Annotated[tuple[Annotated[float, Range(0.5, 20.0, "dB")], ...], Count(len(THIRD_OCTAVES_HZ))]
BandSigmaDb = Annotated[tuple[Annotated[float, Range(0.5, 20.0, "dB")], ...], Count(len(NINE_BANDS_HZ))]
SideMidDb = Annotated[tuple[Annotated[float, Range(-60.0, 6.0, "dB")], ...], Count(len(NINE_BANDS_HZ))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Genre(Checked):
    """What songs of a genre normally are, and how far a master may be moved towards it.

    Attributes
    ----------
    title
        Name for people.
    curve_db
        Third-octave spectrum aimed at, dB relative to 1 kHz, at `THIRD_OCTAVES_HZ`.
    spread_db
        Standard deviation of finished songs around it, dB: nothing inside is corrected much.
    lean_db
        What the genre adds to the average song, dB: to a song that lacks it the spread is smaller by this, to one that
        has more than enough it is larger. Where 0, the spread counts alone.
    band_sigma_db
        Standard deviation over time of 400 ms mid levels in each of `NINE_BANDS_HZ`, dB; a band that
        moves much more than this is compressed.
    side_mid_db, side_mid_spread_db
        Side over mid energy in each of `NINE_BANDS_HZ` and its standard deviation, dB.
    mono_below_hz
        Side is removed below this, Hz.
    width_db
        Side gain wished for from 300 Hz up, dB, before the bounds that mono playback sets; a narrower song is moved as
        if the spread were smaller by twice this.
    compression_cap_db
        Most that a compressor may reduce a band by, dB.
    glue_ratio
        Ratio of the slow wide-band compressor, n:1.
    psr_lu
        Peak over short-term loudness that mixes of the genre need not exceed, LU; more is saturated a little.
    clip_db
        How deep the shortest peaks may be clipped before the limiter, dB.
    loudness_lufs
        Usual loudness of released songs, LUFS; used where a platform does not normalise.
    sources, note
        Where the numbers come from, and what else to know.
    """

    title: str
    curve_db: CurveDb
    spread_db: SpreadDb
    lean_db: CurveDb = (0.0,) * len(THIRD_OCTAVES_HZ)
    band_sigma_db: BandSigmaDb
    side_mid_db: SideMidDb
    side_mid_spread_db: BandSigmaDb
    mono_below_hz: Annotated[float, Range(0.0, 300.0, "Hz")] = 120.0
    width_db: Annotated[float, Range(-6.0, 3.0, "dB")] = 0.0
    compression_cap_db: Annotated[float, Range(0.0, 4.0, "dB")]
    glue_ratio: Annotated[float, Range(1.0, 2.0)] = 1.5
    psr_lu: Annotated[float, Range(6.0, 30.0, "LU")] = 16.0
    clip_db: Annotated[float, Range(0.0, 12.0, "dB")]
    loudness_lufs: Lufs
    sources: tuple[Source, ...] = ()
    note: str = ""

    def check(self) -> None:
        """Refuse sources of keys that do not exist."""
        check_sources(self, self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class AiService(Checked):
    """What to expect of songs from a generator; a prior for measured repair and nothing more.

    Attributes
    ----------
    title, note
        Name for people, and what else to know.
    finding_scale
        Factor on what must be measured before damage (clicks, hiss, phase) is repaired: below 1 it counts
        sooner. Nothing is repaired that was not measured.
    harsh_spread_scale
        Factor on a genre's ``spread_db`` from 5 to 12 kHz: below 1, a *measured* excess there counts
        sooner. 1 is neutral.
    """

    title: str
    finding_scale: Annotated[float, Range(0.5, 1.5)] = 1.0
    harsh_spread_scale: Annotated[float, Range(0.5, 1.5)] = 1.0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier(Checked):
    """How much effort a master gets.

    Attributes
    ----------
    title, summary
        Name and one sentence for people.
    stages
        Kinds of stages the plan may use, in the order of `STAGE_ORDER`; delivery always follows.
    dynamics_cap_db
        Most that compression may reduce a band by, dB, whatever the genre allows.
    dynamics_bands
        Compressor bands: 3, or 5 whose times follow the crest factor.
    limiter_quality
        How the limiter clips: ``high`` costs more time and is heard less, see `stages.limiter`.
    formats
        Files that are written when none are asked for.
    codec_check
        How much of a master is sent through the platform's lossy codecs: nothing (``off``), the places nearest to the
        ceiling (``hot``), or all of it (``full``).
    """

    title: str
    summary: str
    stages: tuple[StageName, ...]
    dynamics_cap_db: Annotated[float, Range(0.0, 4.0, "dB")]
    dynamics_bands: Literal[3, 5] = 3
    limiter_quality: Literal["standard", "high"] = "standard"
    formats: Annotated[tuple[Literal["wav", "flac", "mp3"], ...], Count(1, 3)] = ("wav",)
    codec_check: Literal["off", "hot", "full"] = "off"

    def check(self) -> None:
        """Stages stand in order, and nothing stands twice."""
        if list(self.stages) != [stage for stage in STAGE_ORDER if stage in self.stages]:
            raise SettingError("stages", f"must be in the order {', '.join(STAGE_ORDER)}, each once")
        if len(set(self.formats)) != len(self.formats):
            raise SettingError("formats", "must name each format once")

"""Checks a finished file as it is, for the platforms that it is meant for."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from masterify_core import files
from masterify_core.checking.codec_findings import Known, codec_findings
from masterify_core.checking.rules import Finding, by_platform, by_rule, rules
from masterify_core.files.container import WavContainer, wav_container
from masterify_core.files.reading import Source
from masterify_core.files.tag_reading import tags_of
from masterify_core.metering.report import Measurement, measure
from masterify_core.presets import Library, Platform

PLAIN_PCM = 1
CONTAINERS = {"WAV": "wav", "RF64": "wav", "BW64": "wav", "FLAC": "flac", "AIFF": "aiff"}
CUT_SHORT = "the header promises"  # how the reader's note of a truncated file begins
USUAL_LU = 0.5  # within this of the target counts as as loud
PROMISED_LU = 0.05
SPARE_DB = 0.005  # what is shown as the ceiling counts as the ceiling


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCheck:
    """What one platform's rules, and those for all, say of a file."""

    platform: str
    title: str
    findings: tuple[Finding, ...]

    def failed(self, *severities: str) -> list[Finding]:
        """Findings of these severities that did not pass."""
        return [each for each in self.findings if each.passed is False and each.severity in severities]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """A checked file: what it is, what it measures, what each platform's rules say."""

    container: str
    bit_depth: int | None
    measurement: Measurement
    platforms: tuple[PlatformCheck, ...]

    def passes(self, *, strict: bool = False) -> bool:
        """Whether no rule failed: errors only, with ``strict`` warnings too."""
        severities = ("error", "warning") if strict else ("error",)
        return not any(each.failed(*severities) for each in self.platforms)

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "container": self.container,
            "bit_depth": self.bit_depth,
            **self.measurement.to_dict(),
            "platforms": [
                {
                    "platform": each.platform,
                    "title": each.title,
                    "passed": not each.failed("error"),
                    "findings": [dataclasses.asdict(finding) for finding in each.findings],
                }
                for each in self.platforms
            ],
        }


def check(
    path: str | Path,
    platforms: Sequence[str],
    library: Library,
    genre: str = "other",
    *,
    with_codecs: bool = False,
) -> FileCheck:
    """Read a file, measure it, and hold it against the rules of platforms.

    Parameters
    ----------
    path
        A finished master.
    platforms
        Names of platform presets.
    library
        Where they are looked up.
    genre
        Whose usual loudness counts where a platform has one by genre.
    with_codecs
        Encode and decode the file with each lossy codec that listeners get, too; takes seconds a codec.

    Raises
    ------
    UnknownNameError
        A preset does not exist.
    FileError
        The file cannot be read at all.
    """
    wanted = {name: library.platform(name) for name in platforms}
    library.genre(genre)
    source = files.read(path)
    measurement = measure(source.audio)
    shared = (*_file_findings(path, source), *_sound_findings(measurement))
    layout, heard = wav_container(path), Known()
    coded = with_codecs and math.isfinite(measurement.sample_peak_dbfs)
    found = [
        PlatformCheck(
            platform=name, title=platform.title,
            findings=(
                *_own_findings(platform, genre, source, layout, measurement),
                *(codec_findings(platform, source.audio, heard) if coded else ()), *shared,
            ),
        )
        for name, platform in wanted.items()
    ]  # fmt: skip
    return FileCheck(
        container=source.container, bit_depth=source.bit_depth, measurement=measurement, platforms=tuple(found)
    )  # fmt: skip


def _file_findings(path: str | Path, source: Source) -> list[Finding]:
    cut = next((note for note in source.notes if note.startswith(CUT_SHORT)), "")
    origin = f"{source.container} {source.subtype}"
    told = {name.upper() for name, _ in tags_of(path).fields}
    names = [name for name in ("TITLE", "ARTIST") if name in told]
    return [
        by_rule("whole", not cut, cut or "as long as its header says"),
        by_rule("lossless", not source.lossy, origin),
        by_rule("tagged", len(names) == 2, ", ".join(names).lower() or "neither"),
    ]


def _sound_findings(m: Measurement) -> list[Finding]:
    sounding = math.isfinite(m.sample_peak_dbfs)
    runs, peak = m.clipping.runs, m.true_peak_dbtp
    dc = max(map(abs, m.dc))
    limit = {name: rule.limit or 0.0 for name, rule in rules().items()}
    found = [by_rule("sounding", sounding, "" if sounding else "every sample is 0")]
    if not sounding:
        return found
    head, tail = round(m.head_silence_s, 2), round(m.tail_silence_s, 2)
    shown = round(peak, 2) + 0.0  # never -0.00
    cut = f"{runs} run{'s' * (runs != 1)}, the longest {m.clipping.longest} samples" if runs else "none"
    found += [
        by_rule("clipped", runs <= limit["clipped"], cut, float(runs)),
        by_rule("inter_sample", peak <= limit["inter_sample"] + SPARE_DB, f"true peak {shown:.2f} dBTP", shown),
        by_rule("head_silence", head <= limit["head_silence"], f"{head:.2f} s", head),
        by_rule("tail_silence", tail <= limit["tail_silence"], f"{tail:.2f} s", tail),
        by_rule("offset", dc <= limit["offset"], f"{dc:.4f}", round(dc, 6)),
    ]  # fmt: skip
    if m.channels > 1:
        dead = f"the {m.dead_channel} channel is silent" if m.dead_channel else "both are there"
        found.append(by_rule("both_channels", m.dead_channel is None, dead))
        found.append(
            by_rule("phase", not m.antiphase, f"correlation {m.correlation:.2f}", round(m.correlation, 3))
        )
    return found


def _own_findings(
    platform: Platform, genre: str, source: Source, layout: WavContainer | None, m: Measurement
) -> list[Finding]:
    found = [*_accepted(platform, source, layout), *_exact(platform, source)]
    if math.isfinite(m.true_peak_dbtp):
        ceiling = platform.ceiling_for(m.integrated_lufs - PROMISED_LU)  # a master may be that much over
        found.append(
            by_platform(
                platform, "ceiling_dbtp", "ceiling", "warning", "peaks stay under the platform's ceiling",
                m.true_peak_dbtp <= ceiling + SPARE_DB, f"true peak {round(m.true_peak_dbtp, 2) + 0.0:.2f} dBTP",
                value=round(m.true_peak_dbtp, 2), limit=ceiling, unit="dBTP",
            )
        )  # fmt: skip
    if math.isfinite(m.integrated_lufs):
        target = platform.target_lufs(genre)
        off = m.integrated_lufs - target
        found.append(
            by_platform(
                platform, "loudness_lufs", "loudness", "info", "as loud as masters for the platform",
                abs(off) <= USUAL_LU, f"{m.integrated_lufs:.2f} LUFS, {off:+.1f} LU", value=round(m.integrated_lufs, 2),
                limit=target, unit="LUFS",
            )
        )  # fmt: skip
    return found


def _accepted(platform: Platform, source: Source, layout: WavContainer | None) -> list[Finding]:
    """Rules of `Accepts`: each only where the platform has one."""
    accepts, found = platform.accepts, list[Finding]()

    def rule(name: str, title: str, passed: bool, said: str, **numbers: Any) -> None:
        severity = numbers.pop("severity", "error")
        found.append(by_platform(platform, "accepts", name, severity, title, passed, said, **numbers))

    if accepts.containers:
        kind = CONTAINERS.get(source.container, source.container.lower())
        rule(
            "container",
            f"is {' or '.join(map(str.upper, accepts.containers))}",
            kind in accepts.containers,
            source.container,
        )
    if accepts.plain_wav and layout is not None:
        tag = layout.format_tag
        rule("wav_format_tag", "WAV format tag is 0x0001", tag == PLAIN_PCM, f"0x{tag:04X}", value=float(tag))
        behind = layout.after_data
        rule("wav_after_data", "nothing follows the samples", not behind, ", ".join(behind) or "nothing")
    if (rate := accepts.least_rate_hz) is not None:
        have = source.audio.rate
        rule(
            "sample_rate",
            f"at least {rate} Hz",
            have >= rate,
            f"{have} Hz",
            value=float(have),
            limit=float(rate),
            unit="Hz",
        )
    if (bits := accepts.least_bit_depth) is not None and source.bit_depth is not None:
        have = source.bit_depth
        rule(
            "bit_depth",
            f"at least {bits} bits",
            have >= bits,
            f"{have} bits",
            value=float(have),
            limit=float(bits),
        )
    if (bits := accepts.wished_bit_depth) is not None and source.bit_depth is not None:
        have = source.bit_depth
        rule("wished_bit_depth", f"{bits} bits, as asked for", have >= bits, f"{have} bits", value=float(have),
             limit=float(bits), severity="info")  # fmt: skip
    if (channels := accepts.channels) is not None:
        have = source.audio.channels
        rule(
            "channels",
            f"has {channels} channels",
            have == channels,
            f"{have}",
            value=float(have),
            limit=float(channels),
        )
    return found


def _exact(platform: Platform, source: Source) -> list[Finding]:
    """Rate and depth where the platform takes one only."""
    found = []
    if (rate := platform.sample_rate_hz) is not None:
        have = source.audio.rate
        found.append(
            by_platform(platform, "sample_rate_hz", "sample_rate", "error", f"is {rate} Hz", have == rate, f"{have} Hz",
                        value=float(have), limit=float(rate), unit="Hz")
        )  # fmt: skip
    if (depth := platform.bit_depth) is not None:
        bits = source.bit_depth
        passed = bits is not None and str(bits) == depth.removesuffix("f")
        found.append(
            by_platform(platform, "bit_depth", "bit_depth", "error", f"has {depth} bits", passed,
                        "not stored as samples" if bits is None else f"{bits} bits")
        )  # fmt: skip
    return found

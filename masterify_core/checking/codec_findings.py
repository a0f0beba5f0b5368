"""Checks what lossy codecs make of a file: encoded, decoded, and its peaks looked for."""

from __future__ import annotations

from masterify_core.audio import Audio
from masterify_core.checking.rules import Finding, by_rule, rules
from masterify_core.codecs import LOSSY, missing, round_trip
from masterify_core.metering.peaks import find_peaks
from masterify_core.presets import Codec, Platform

Known = dict[Codec, Finding]


def codec_findings(platform: Platform, audio: Audio, known: Known) -> list[Finding]:
    """Send a whole file through each lossy codec that listeners get; ``known`` remembers what was sent before."""
    found = []
    for codec in platform.codecs:
        if codec.name in LOSSY and codec.kbps is not None:
            if codec not in known:
                known[codec] = _finding(codec, codec.kbps, audio)
            found.append(known[codec])
    return found


def _finding(codec: Codec, kbps: float, audio: Audio) -> Finding:
    why = missing(codec.name)
    if why:
        return by_rule("codec_overs", None, f"{codec}: {why}")
    peak = find_peaks(round_trip(audio.samples, audio.rate, codec.name, kbps), audio.rate).true_dbtp
    limit = rules()["codec_overs"].limit or 0.0
    return by_rule("codec_overs", peak <= limit, f"{codec}: true peak {peak:.2f} dBTP", round(peak, 2))

"""What ``masterify doctor`` looks at: one function a question, each answering a `Finding`."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("masterify", "numpy", "numba", "llvmlite", "scipy", "soundfile", "soxr", "mutagen", "pyloudnorm")
METER_TOLERANCE_LU = 0.01
"""How far our meter may be from pyloudnorm's on the same signal (the bar between two right meters)."""

ENOUGH_BYTES = 1_000_000_000
"""Free memory for one song of ten minutes: three times 212 MB of float32 samples, and the program."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question.

    Attributes
    ----------
    name, ok, detail
        What was looked at, whether it is well, and what was found.
    needed
        Without it nothing can be mastered here.
    """

    name: str
    ok: bool
    detail: str
    needed: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain table for JSON."""
        return asdict(self)


def all_findings(preset_dirs: Sequence[str] = ()) -> list[Finding]:
    """Ask every question; one that breaks is a finding, too."""
    questions: list[tuple[str, Callable[[], Finding]]] = [
        ("versions", _versions),
        ("decoders", _decoders),
        ("AAC and M4A", _aac),
        ("cache", _cache),
        ("engine", _engine),
        ("presets", lambda: _presets(preset_dirs)),
        ("meter", _meter),
        ("temporary files", _temporary),
        ("machine", _machine),
    ]
    return [_answered(name, question) for name, question in questions]


def _answered(name: str, question: Callable[[], Finding]) -> Finding:
    try:
        return question()
    except Exception as error:
        return Finding(name, False, f"{type(error).__name__}: {error}")


def _versions() -> Finding:
    found, missing = [f"Python {platform.python_version()}"], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return Finding("versions", not missing, ", ".join([*found, *(f"{name} is missing" for name in missing)]))


def _decoders() -> Finding:
    import soundfile

    formats = soundfile.available_formats()
    wanted = ("WAV", "RF64", "FLAC", "MP3", "AIFF", "OGG")
    missing = [name for name in wanted if name not in formats]
    opus = "OPUS" in soundfile.available_subtypes("OGG")
    can = [*(name for name in wanted if name in formats), *(["Opus"] if opus else [])]
    detail = f"{', '.join(can)} ({soundfile.__libsndfile_version__})"
    return Finding("decoders", not missing, detail + "".join(f", no {name}" for name in missing))


def _aac() -> Finding:
    if importlib.util.find_spec("av") is None:
        return Finding(
            "AAC and M4A", False, "PyAV is not installed: pip install 'masterify[aac]'", needed=False
        )
    return Finding("AAC and M4A", True, f"PyAV {version('av')}", needed=False)


def _cache() -> Finding:
    """Whether compiled kernels can be kept; without that every run compiles."""
    from masterify_core.kernels import _store

    folders = _store.folders()
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=folder):
                return Finding("cache", True, str(folder), needed=False)
    tried = ", ".join(map(str, folders))
    return Finding(
        "cache", False, f"cannot write to {tried}: every run compiles; set MASTERIFY_CACHE_DIR", False
    )


def _engine() -> Finding:
    from masterify_core.kernels import _jit

    if _jit.is_warm():
        return Finding("engine", True, f"compiled, in {_jit.cache_folder()}", needed=False)
    return Finding(
        "engine", False, "not compiled yet: the first song waits for it, or run masterify warmup", False
    )


def _presets(preset_dirs: Sequence[str]) -> Finding:
    from masterify_core.presets import Library, user_presets_dir

    library = Library.load(preset_dirs)
    kinds = {"platforms": library.platform, "genres": library.genre}
    kinds |= {"ai_services": library.ai_service, "tiers": library.tier}
    counts = []
    for kind, one in kinds.items():
        names = getattr(library, kind)()
        for name in names:
            one(name)
        counts.append(f"{len(names)} {kind.replace('ai_services', 'AI sources')}")
    own = user_presets_dir()
    return Finding(
        "presets", True, ", ".join(counts) + f"; own ones in {own}{'' if own.is_dir() else ' (none yet)'}"
    )


def _meter() -> Finding:
    """Measure a signal with both gates at work, and let pyloudnorm measure it, too."""
    import numpy as np
    import pyloudnorm

    from masterify_core.audio import Audio
    from masterify_core.metering.loudness import hop_energies, integrated_lufs

    rate, seconds = 48_000, 6
    noise = np.random.default_rng(1770).normal(size=(2, rate * seconds))
    steps = np.repeat([0.1, 0.02, 0.2, 0.0, 0.05, 0.1], rate)
    samples = (noise * steps * np.array([[1.0], [0.7]])).astype(np.float32)
    ours = integrated_lufs(hop_energies(Audio(samples, rate)))
    theirs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples.T.astype(np.float64))
    differ = abs(ours - theirs)
    detail = f"{ours:.3f} LUFS, pyloudnorm says {theirs:.3f}"
    return Finding("meter", bool(differ <= METER_TOLERANCE_LU), detail)


def _temporary() -> Finding:
    with tempfile.TemporaryFile():
        return Finding("temporary files", True, tempfile.gettempdir(), needed=False)


def _machine() -> Finding:
    from masterify_cli.batch import memory_free

    free = memory_free()
    said = f"{free / 1e9:.1f} GB of memory free" if free < 2**60 else "free memory unknown"
    detail = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {said}"
    return Finding("machine", free >= ENOUGH_BYTES, detail, needed=False)

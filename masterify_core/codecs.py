"""Round trips through lossy codecs: encode and decode in memory, in float, aligned to the input."""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
NEEDS_AAC = 'needs the aac extra: pip install "masterify[aac]"'
DIGITS = 4  # of JSON values
BLOCK_FRAMES = 8192  # libsndfile's Vorbis encoder takes what it gets in one piece, on the stack
AAC_FRAME = 1024
LOUDEST = (
    100.0  # +40 dBFS; louder is turned down on the way, as encoders search for minutes what to do with it
)
SHORTEST_S = 0.1  # encoders and their files want some sound
AAC_PRIMING_FRAMES = 1024  # of FFmpeg's encoder: one frame of silence before the first
FAMILY_HZ, OPUS_HZ = (44_100, 48_000), 48_000
# libsndfile names no bit rates. MP3: 320 at level 0 down to 32 at 1. Vorbis: the level is 1 - quality, and these are
# the nominal rates of qualities 0 to 1 in steps of 0.1 at 44.1 kHz in stereo (libvorbis). Opus: 256 down to 6 a channel.
MP3_KBPS = (320.0, 32.0)
VORBIS_KBPS = (64.0, 80.0, 96.0, 112.0, 128.0, 160.0, 192.0, 224.0, 256.0, 320.0, 500.0)
OPUS_CHANNEL_KBPS = (256.0, 6.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecCheck:
    """What listeners' copies of a master measure after a codec.

    Attributes
    ----------
    codec, kbps
        Name and bit rate, kbit/s.
    checked
        Share of the song that went through the codec, 0 to 1.
    true_peak_before_dbtp, true_peak_dbtp
        Decoded true peak of what was checked, before anything was done about it and of the master.
    allowed_dbtp
        Where decoded peaks count as over.
    overs_before, overs
        Places (of 10 ms) over that, before and of the master.
    note
        Why it was not checked; empty if it was. The peaks are None then.
    """

    codec: str
    kbps: float
    checked: float = 0.0
    true_peak_before_dbtp: float | None = None
    true_peak_dbtp: float | None = None
    allowed_dbtp: float
    overs_before: int = 0
    overs: int = 0
    note: str = ""

    @property
    def title(self) -> str:
        """Name for people, e.g. ``AAC 128``."""
        name = self.codec.capitalize() if self.codec in ("opus", "vorbis") else self.codec.upper()
        return f"{name} {self.kbps:g}"

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            key: round(value, DIGITS) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }


def missing(name: str) -> str:
    """Say why a codec cannot be used here; empty if it can.

    >>> missing("vorbis")
    ''
    """
    if name not in _TRIPS:
        return f"there is no lossy codec {name!r} here"
    return NEEDS_AAC if name == "aac" and importlib.util.find_spec("av") is None else ""


def round_trip(samples: Rows, rate: int, name: str, kbps: float) -> Rows:
    """Encode and decode, at the rate that the codec would be given, and answer in the input's frames.

    Parameters
    ----------
    samples
        float32 ``(channels, frames)``, mono or stereo, finite; full scale is 1.
    rate
        Hz. MP3, Vorbis and AAC run at 44.1 or 48 kHz, whichever is of the same family; Opus at 48 kHz.
    name, kbps
        ``aac``, ``mp3``, ``opus`` or ``vorbis``; bit rate in kbit/s, nominal where the codec has none that is fixed.

    Returns
    -------
    Rows
        The decoded sound, the same shape: delay and padding are taken out. Peaks may exceed full scale.

    Raises
    ------
    ValueError
        The codec is `missing`.
    """
    if missing(name):
        raise ValueError(f"{name}: {missing(name)}")
    if samples.shape[1] == 0:
        return samples.copy()
    frames = samples.shape[1]
    samples = _fitted(samples, max(frames, math.ceil(SHORTEST_S * rate)))
    codec_rate = OPUS_HZ if name == "opus" else FAMILY_HZ[rate % FAMILY_HZ[0] != 0]
    peak = max(float(samples.max()), -float(samples.min()))
    if peak > LOUDEST:
        return round_trip(samples[:, :frames] / np.float32(peak), rate, name, kbps) * np.float32(peak)
    decoded = _TRIPS[name](_resampled(samples, rate, codec_rate), codec_rate, kbps)
    return _fitted(_resampled(decoded, codec_rate, rate), frames)


def _mp3(samples: Rows, rate: int, kbps: float) -> Rows:
    most, least = MP3_KBPS
    level = (most - kbps) / (most - least)
    return _by_sndfile(samples, rate, "MP3", "MPEG_LAYER_III", level, bitrate_mode="CONSTANT")


def _vorbis(samples: Rows, rate: int, kbps: float) -> Rows:
    quality = float(np.interp(kbps, VORBIS_KBPS, np.linspace(0.0, 1.0, len(VORBIS_KBPS))))
    return _by_sndfile(samples, rate, "OGG", "VORBIS", 1.0 - quality)


def _opus(samples: Rows, rate: int, kbps: float) -> Rows:
    most, least = OPUS_CHANNEL_KBPS
    level = (most - kbps / len(samples)) / (most - least)
    return _by_sndfile(samples, rate, "OGG", "OPUS", level)


def _by_sndfile(samples: Rows, rate: int, kind: str, subtype: str, level: float, **more: str) -> Rows:
    """Encode and decode by libsndfile, which takes delay and padding out itself."""
    import soundfile

    stream = io.BytesIO()
    settings = {"format": kind, "subtype": subtype, "compression_level": min(max(level, 0.0), 1.0), **more}
    with soundfile.SoundFile(stream, "w", rate, len(samples), **settings) as song:
        for begin in range(0, samples.shape[1], BLOCK_FRAMES):
            song.write(samples[:, begin : begin + BLOCK_FRAMES].T)
    stream.seek(0)
    decoded, _ = soundfile.read(stream, dtype="float32", always_2d=True)
    return np.ascontiguousarray(decoded.T)


def _aac(samples: Rows, rate: int, kbps: float) -> Rows:
    """Encode and decode AAC-LC by FFmpeg, without a container: the delay is the encoder's priming alone."""
    from fractions import Fraction

    import av

    layout = "mono" if len(samples) == 1 else "stereo"
    encoder: Any = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, layout, "fltp"
    encoder.bit_rate, encoder.time_base = round(kbps * 1000.0), Fraction(1, rate)
    encoder.open()
    frames = samples.shape[1]
    padded = _fitted(samples, -(-max(frames, 1) // AAC_FRAME) * AAC_FRAME)
    packets: list[Any] = []
    for begin in range(0, padded.shape[1], AAC_FRAME):
        block = np.ascontiguousarray(padded[:, begin : begin + AAC_FRAME])
        frame: Any = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, begin
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder: Any = av.CodecContext.create("aac", "r")
    decoder.extradata = encoder.extradata
    decoder.open()
    decoded = [frame.to_ndarray() for packet in [*packets, None] for frame in decoder.decode(packet)]
    return np.ascontiguousarray(np.concatenate(decoded, axis=1)[:, AAC_PRIMING_FRAMES:])


def _resampled(samples: Rows, rate: int, wanted_rate: int) -> Rows:
    if rate == wanted_rate:
        return samples
    import soxr

    return np.ascontiguousarray(soxr.resample(samples.T, rate, wanted_rate).T)


def _fitted(samples: Rows, frames: int) -> Rows:
    """Cut or fill with silence at the end."""
    short = frames - samples.shape[1]
    return np.pad(samples, ((0, 0), (0, short))) if short > 0 else np.ascontiguousarray(samples[:, :frames])


_TRIPS: dict[str, Callable[[Rows, int, float], Rows]] = {
    "aac": _aac,
    "mp3": _mp3,
    "opus": _opus,
    "vorbis": _vorbis,
}
LOSSY = tuple(_TRIPS)

"""Decodes a file to see whether it can be mastered, and keeps nothing: the same decoders, a few hundred kilobytes."""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from masterify_core.errors import DamagedAudioError, NotAudioError, TooLongError, UnusableAudioError
from masterify_core.files import mpeg, pcm
from masterify_core.files.decoded import Decoded, Request
from masterify_core.files.opening import open_song, reading_error
from masterify_core.files.planar import Planar
from masterify_core.files.riff import chunks_of, format_of
from masterify_core.files.sniff import kind_of

PIECE_FRAMES = 65_536
# A stream cut anywhere starts in the middle of a frame, and the longest frame of layer III has 1441 bytes.
MOST_LEADING_JUNK_BYTES = 2 * 1441
KINDS = ("FLAC", "MP3", "WAV")
QUIETEST_PEAK = 10.0 ** (-77.0 / 20.0)
"""Sound that stays under it lies under -70 LUFS, the absolute gate of BS.1770, whatever it is: two channels add 3 dB and
K-weighting at most 4. So silence with dither is silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a file turned out to hold.

    ``container`` is one of `KINDS`; ``frames`` are counted, never believed; ``peak`` is the largest
    absolute sample, 1 at full scale.
    """

    container: str
    subtype: str
    channels: int
    rate: int
    frames: int
    peak: float
    notes: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Length of the song."""
        return self.frames / self.rate

    @property
    def is_silent(self) -> bool:
        """Whether nothing in it is loud enough to be measured, let alone mastered."""
        return self.peak < QUIETEST_PEAK


def check(path: str | Path, *, max_seconds: float | None = None) -> Facts:
    """Decode a whole MP3, WAV or FLAC file and throw the samples away.

    For files of strangers: only plain PCM and float WAV, FLAC and MPEG layer III are decoded at all, because
    the decoders of rarer kinds have had holes (CVE-2026-37555).

    Raises
    ------
    NotAudioError
        Any other kind, whatever the name says: ``a.wav: is no MP3, FLAC or plain WAV file``.
    DamagedAudioError, UnusableAudioError, TooLongError
        As `reading.read` does; what it tells in a note is in the facts' notes, too.
    """
    name = str(path)
    with open_song(path) as file:
        try:
            size = file.seek(0, io.SEEK_END)
            if size == 0:
                raise UnusableAudioError(name, "is empty (0 bytes)")
            request = _Passing(name, file, size, max_seconds, None)
            found = _decode(request)
        except OSError as error:
            raise reading_error(name, error) from None
    sieve = max(request.sieves, key=lambda each: each.frames)
    return Facts(
        container="WAV" if found.container in ("RF64", "BW64") else found.container,
        subtype=found.subtype, channels=sieve.channels, rate=found.rate, frames=sieve.frames,
        peak=sieve.peak, notes=found.notes,
    )  # fmt: skip


class _Sieve(Planar):
    """Takes blocks as `Planar` does, checks them alike, and writes each over the one before."""

    def __init__(self, path: str, channels: int, rate: int, max_seconds: float | None) -> None:
        super().__init__(path, channels, rate, max_seconds=max_seconds)
        self.peak = 0.0
        self._longest_s = float("inf") if max_seconds is None else max_seconds
        self._piece = np.zeros((channels, PIECE_FRAMES), np.float32)

    def spaces(self, frames: int) -> Iterator[tuple[NDArray[np.float32], int, slice]]:
        """Offer the same piece again and again."""
        done = 0
        while done < frames:
            count = min(frames - done, PIECE_FRAMES)
            yield self._piece, 0, slice(done, done + count)
            taken = self._piece[:, :count]
            self.peak = max(self.peak, float(taken.max()), -float(taken.min()))
            self.frames += count
            done += count
            self.check_length(self.frames)

    def check_length(self, frames: int) -> None:
        """Refuse a length that the caller does not allow; memory does not matter here."""
        if frames > self._longest_s * self.rate:
            raise TooLongError(self.path, f"is longer than {self._longest_s:g} s, the most allowed here")

    def finish(self) -> NDArray[np.float32]:
        """Nothing is left of the samples."""
        if self.frames == 0:
            raise UnusableAudioError(self.path, "holds no audio")
        return self._piece[:, :0]


@dataclass(frozen=True, slots=True)
class _Passing(Request):
    """A request whose samples go through a sieve, the last of ``sieves``."""

    sieves: list[_Sieve] = field(default_factory=list)

    def planar(self, channels: int, rate: int, frames_promised: int) -> Planar:  # noqa: ARG002
        """A sieve, whatever the header promises."""
        self.sieves.append(_Sieve(self.path, channels, rate, self.max_seconds))
        return self.sieves[-1]


def _decode(request: Request) -> Decoded:
    kind, _, start = kind_of(request.file)
    from masterify_core.files import compressed

    if kind == "wav" and start == 0:
        return _decode_wav(request)
    if kind == "flac":
        return compressed.decode_flac(request, start)
    if kind == "unknown" and _is_mp3(request, start):
        return compressed.decode_mpeg(request, start)
    raise NotAudioError(request.path, "is no MP3, FLAC or plain WAV file")


def _decode_wav(request: Request) -> Decoded:
    riff = chunks_of(request.file)
    found = format_of(request.file, riff) if riff else None
    data = riff.first(b"data") if riff else None
    if riff is None or found is None or data is None:
        missing = "format" if found is None else "data"
        raise DamagedAudioError(request.path, f"is a WAV file without a readable {missing} chunk")
    if not pcm.is_plain(found):
        raise NotAudioError(request.path, "is a WAV file that holds neither PCM nor float samples")
    if data.size < found.block_align:
        raise UnusableAudioError(request.path, "holds no audio")
    return pcm.decode(request, riff, found, data)


def _is_mp3(request: Request, start: int) -> bool:
    """Whether MPEG layer III begins here; a few frames inside something else do not make it a song."""
    request.file.seek(start)
    head = request.file.read(4)
    if head == b"RIFF" or start >= request.size:
        return False
    with mmap.mmap(request.file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scan = mpeg.scan(data, start)
        if scan is None or scan.header.layer != 3:
            return False
        junk = scan.start - start
        return junk <= MOST_LEADING_JUNK_BYTES or not data[start : scan.start].strip(b"\0")

"""Gathers decoded blocks into one (channels, frames) array without ever believing a header."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from masterify_core.errors import DamagedAudioError, TooLongError, UnusableAudioError
from masterify_core.files.memory import available_bytes
from masterify_core.kernels import convert
from masterify_core.units import gain_to_db

# At least 32 MiB, so that the C library gives each freed chunk back to the system at once.
CHUNK_BYTES = 40 << 20
# The decoded song and what mastering holds beside it, in copies of the song.
COPIES_NEEDED = 3
# Decoded bytes a byte of file may plausibly give; more is not reserved but gathered as it comes.
LIKELY_EXPANSION = 64
CHANNELS_ALLOWED = (1, 2)
RATES_ALLOWED_HZ = (8_000, 192_000)
LARGEST = 1e10
"""Of the samples: +200 dBFS. Integers of 32 bits that were written as floats reach +187 dBFS; more is no sound."""
LARGEST_BITS = int(np.float32(LARGEST).view(np.uint32))


class Planar:
    """Samples as they are decoded: checked for NaN and infinity, for length and for memory.

    ``frames_likely`` is what the header promises (0: unknown) and ``file_bytes`` what it may be believed
    for. Where the promise holds, the samples land where they stay and nothing is copied again; in
    ``memory`` if that has just their shape.

    Raises
    ------
    UnusableAudioError
        e.g. ``song.wav: has 6 channels; mono and stereo can be mastered, fold it down first``.
    TooLongError
        e.g. ``song.wav: needs about 9.1 GB of memory, 3.9 GB are free``.
    """

    def __init__(
        self,
        path: str,
        channels: int,
        rate: int,
        frames_likely: int = 0,
        file_bytes: int = 0,
        max_seconds: float | None = None,
        memory: NDArray[np.float32] | None = None,
    ) -> None:
        if channels not in CHANNELS_ALLOWED:
            raise UnusableAudioError(
                path, f"has {channels} channels; mono and stereo can be mastered, fold it down first"
            )
        if not RATES_ALLOWED_HZ[0] <= rate <= RATES_ALLOWED_HZ[1]:
            raise UnusableAudioError(
                path, f"has a sample rate of {rate} Hz; 8000 to 192000 Hz can be mastered"
            )
        self.path, self.channels, self.rate = path, channels, rate
        self.frames = 0
        self._max_seconds = max_seconds
        self._available = available_bytes()
        self._memory_frames = self._available // (4 * channels * COPIES_NEEDED)
        self._chunks: list[NDArray[np.float32]] = []
        self._used: list[int] = []
        believed = min(frames_likely, file_bytes * LIKELY_EXPANSION // (4 * channels), self._memory_frames)
        if memory is not None and memory.shape == (channels, frames_likely) and believed == frames_likely:
            self._chunks, self._used = [memory], [0]
        elif believed > 0:
            with suppress(TooLongError):  # a promise is no need: what comes is gathered chunk by chunk
                self._grow(believed)

    def add(self, block: NDArray[np.float32]) -> None:
        """Take a block ``(frames, channels)``.

        Raises
        ------
        DamagedAudioError
            e.g. ``song.wav: holds NaN 12.345 s into the song, channel 2``, or ``a sample of +600 dBFS``.
        TooLongError
            When the song passes ``max_seconds`` or what memory holds.
        """
        for out, start, part in self.spaces(len(block)):
            bits = convert.deinterleave(block[part].view(np.uint32), out.view(np.uint32), start)
            if bits > LARGEST_BITS:
                self._refuse_no_sound(block[part])

    def spaces(self, frames: int) -> Iterator[tuple[NDArray[np.float32], int, slice]]:
        """Where the next frames go, mostly in one piece: an array, the first column, which of the frames.

        They count as taken when the next piece is asked for.
        """
        done = 0
        while done < frames:
            if not self._chunks or self._used[-1] == self._chunks[-1].shape[1]:
                self._grow(CHUNK_BYTES // (4 * self.channels))
            chunk, used = self._chunks[-1], self._used[-1]
            count = min(frames - done, chunk.shape[1] - used)
            yield chunk, used, slice(done, done + count)
            self._used[-1] += count
            self.frames += count
            done += count
            self.check_length(self.frames)

    def check_length(self, frames: int) -> None:
        """Refuse a length that the caller or memory does not allow."""
        if self._max_seconds is not None and frames > self._max_seconds * self.rate:
            raise TooLongError(self.path, f"is longer than {self._max_seconds:g} s, the most allowed here")
        if frames > self._memory_frames:
            raise self._no_memory(frames)

    def finish(self) -> NDArray[np.float32]:
        """Everything taken, ``(channels, frames)``, C order; chunks are given back as they are copied.

        Raises
        ------
        UnusableAudioError
            e.g. ``song.wav: holds no audio``.
        """
        if self.frames == 0:
            raise UnusableAudioError(self.path, "holds no audio")
        if self._chunks[0].shape[1] >= self.frames and self._used[0] == self.frames:
            return _packed(self._chunks.pop(0), self.frames)
        try:
            whole = np.empty((self.channels, self.frames), np.float32)
        except MemoryError:
            raise self._no_memory(self.frames) from None
        start = 0
        while self._chunks:
            chunk, used = self._chunks.pop(0), self._used.pop(0)
            whole[:, start : start + used] = chunk[:, :used]
            start += used
        return whole

    def _grow(self, frames: int) -> None:
        """Reserve one more chunk; pages that are never written cost nothing."""
        try:
            self._chunks.append(np.empty((self.channels, frames), np.float32))
        except MemoryError:
            raise self._no_memory(self.frames + frames) from None
        self._used.append(0)

    def _no_memory(self, frames: int) -> TooLongError:
        needed = frames * self.channels * 4 * COPIES_NEEDED
        return TooLongError(
            self.path,
            f"needs at least {needed / 1e9:.1f} GB of memory, {self._available / 1e9:.1f} GB are free",
        )

    def _refuse_no_sound(self, block: NDArray[np.float32]) -> None:
        """Say where the first sample stands that is no number, or one that is no sound."""
        frame, channel = np.argwhere(~(np.abs(block) <= LARGEST))[0]
        value = float(abs(block[frame, channel]))
        what = (
            "NaN"
            if math.isnan(value)
            else "infinity"
            if math.isinf(value)
            else f"a sample of {gain_to_db(value):+.0f} dBFS"
        )
        seconds = (self.frames + frame) / self.rate
        raise DamagedAudioError(
            self.path, f"holds {what} {seconds:.3f} s into the song, channel {channel + 1}"
        )


def _packed(chunk: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Move the first frames of a chunk together, in place, to C order."""
    reserved = chunk.shape[1]
    if frames == reserved:
        return chunk
    flat = chunk.reshape(-1)
    for channel in range(1, chunk.shape[0]):
        flat[channel * frames : (channel + 1) * frames] = flat[
            channel * reserved : channel * reserved + frames
        ]
    return flat[: chunk.shape[0] * frames].reshape(chunk.shape[0], frames)

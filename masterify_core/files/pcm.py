"""Decodes plain PCM and float WAV, whatever its header says about lengths: the fast road."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core.files.decoded import Decoded, Request, shortfall
from masterify_core.files.planar import Planar
from masterify_core.files.riff import FLOAT, FORMS, PCM, Chunk, Format, Riff
from masterify_core.kernels import convert

# A multiple of the bytes of a frame for one or two channels of 1, 2, 3, 4 or 8 bytes; fits the second-level cache.
BLOCK_BYTES = 3 << 17
WORD_BYTES = 4
INTEGERS = {
    1: ("u1", "PCM_U8"),
    2: ("i2", "PCM_16"),
    3: ("i3", "PCM_24"),
    4: ("i4", "PCM_32"),
    8: ("i8", "PCM_64"),
}
FLOATS = {4: ("f4", "FLOAT"), 8: ("f8", "DOUBLE")}
Take = Callable[[Planar, NDArray[np.uint8], int], None]


def is_plain(found: Format) -> bool:
    """Whether this road can decode it; companded and compressed WAV goes to libsndfile."""
    widths = {PCM: INTEGERS, FLOAT: FLOATS}.get(found.tag, {})
    return found.sample_bytes in widths


def decode(request: Request, riff: Riff, found: Format, data: Chunk) -> Decoded:
    """Read the data chunk block by block straight into the channels.

    The samples are the bits libsndfile gives: integers over their full scale, float as it is. Samples
    with fewer valid bits than their container (24 in 32) are read at the container's width.
    """
    name, subtype = (INTEGERS if found.tag == PCM else FLOATS)[found.sample_bytes]
    frames = data.size // found.block_align
    planar = request.planar(found.channels, found.rate, frames)
    planar.check_length(frames)
    raw = np.zeros(BLOCK_BYTES + WORD_BYTES, np.uint8)  # the 24-bit kernel looks one word ahead
    take = _taker(name, riff.order)
    request.file.seek(data.start)
    left = frames * found.block_align
    while left > 0:
        got = _fill(request, raw, min(left, BLOCK_BYTES)) // found.block_align
        if got == 0:  # the file became shorter while it was read
            break
        take(planar, raw, got)
        left -= got * found.block_align
        request.progress(1.0 - left / (frames * found.block_align))
    notes: tuple[str, ...] = ()
    promised = data.promised // found.block_align
    if promised > planar.frames and not riff.streamed:
        notes = (shortfall(promised / found.rate, planar.frames / found.rate),)
    depth = found.valid_bits if found.tag == PCM else found.bits
    return Decoded(planar.finish(), found.rate, FORMS[riff.form], subtype, depth, False, notes)


def _fill(request: Request, raw: NDArray[np.uint8], count: int) -> int:
    """Read ``count`` bytes into the front of ``raw``; fewer only at the end of the file."""
    view, done = raw.data[:count], 0
    while done < count:
        got = request.file.readinto(view[done:])
        if not got:
            break
        done += got
    return done


def _taker(name: str, order: str) -> Take:
    """How samples of this kind get from raw bytes into the song."""
    if name == "i3":
        return _take_24 if order == "<" else _take_swapped_24
    kind = np.dtype(order + name)
    if kind.kind == "f":
        return partial(_take_float, kind)
    return partial(_take_integer, kind)


def _take_24(planar: Planar, raw: NDArray[np.uint8], frames: int) -> None:
    frame_bytes = 3 * planar.channels
    for out, start, part in planar.spaces(frames):
        if part.start:  # a new chunk begins inside the block: start the words there
            raw[: (frames - part.start) * frame_bytes] = raw[
                part.start * frame_bytes : frames * frame_bytes
            ].copy()
        convert.unpack_24(raw.view("<u4"), part.stop - part.start, out, start)


def _take_swapped_24(planar: Planar, raw: NDArray[np.uint8], frames: int) -> None:
    samples = raw[: 3 * planar.channels * frames].reshape(-1, 3)
    samples[:] = samples[:, ::-1].copy()
    _take_24(planar, raw, frames)


def _take_integer(kind: np.dtype[Any], planar: Planar, raw: NDArray[np.uint8], frames: int) -> None:
    scale = np.float32(2.0 ** (1 - 8 * kind.itemsize))
    block = raw[: kind.itemsize * planar.channels * frames].view(kind).reshape(frames, planar.channels)
    for out, start, part in planar.spaces(frames):
        samples = out[:, start : start + part.stop - part.start]
        np.multiply(block[part].T, scale, out=samples, dtype=np.float32, casting="same_kind")
        if kind.kind == "u":
            samples -= 1.0  # 8-bit WAV is unsigned: 128 is silence


def _take_float(kind: np.dtype[Any], planar: Planar, raw: NDArray[np.uint8], frames: int) -> None:
    block = raw[: kind.itemsize * planar.channels * frames].view(kind).reshape(frames, planar.channels)
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold is refused as infinity
        planar.add(np.ascontiguousarray(block, np.float32))

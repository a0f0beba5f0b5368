"""Reads any song file into memory: the one way audio gets in."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.errors import DamagedAudioError, NotAudioError, TooLongError, UnusableAudioError
from masterify_core.files import pcm
from masterify_core.files.decoded import Decoded, Request
from masterify_core.files.opening import open_song, reading_error
from masterify_core.files.riff import chunks_of, format_of
from masterify_core.files.sniff import kind_of


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A song as it came from its file.

    Attributes
    ----------
    audio
        The samples, float32; what was decoded above full scale stays above.
    path
        As it was given.
    container, subtype
        E.g. ``"WAV"`` and ``"PCM_24"``, ``"MP3"`` and ``"MPEG_LAYER_III"``, ``"M4A"`` and ``"AAC"``.
    bit_depth
        Bits of a sample in the file; None where samples are not stored as such.
    lossy
        Whether the coding threw something away.
    notes
        What the user should know, e.g. ``"the header promises 350.1 s, 50.0 s were decoded: ..."``.
    """

    audio: Audio
    path: str
    container: str
    subtype: str
    bit_depth: int | None
    lossy: bool
    notes: tuple[str, ...] = ()


def read(
    path: str | Path,
    *,
    max_seconds: float | None = None,
    on_progress: Callable[[float], None] | None = None,
    memory: NDArray[np.float32] | None = None,
) -> Source:
    """Decode a whole file.

    The kind is told by the bytes, not by the name; lengths are counted, not believed. Silence is
    returned as it is; a single frame is enough.

    Parameters
    ----------
    path
        An ordinary file.
    max_seconds
        Longer songs are refused as soon as that shows.
    on_progress
        Called with the share done, 0 to 1.
    memory
        Float32, C order, to be written over if the song has just its shape: memory used before is several
        times faster than new.

    Raises
    ------
    NotFoundError
        ``song.wav: does not exist``; also a folder, a device or a pipe.
    NoPermissionError
        ``song.wav: may not be read by this user``.
    NotAudioError
        ``song.wav: is not an audio file that can be read``.
    DamagedAudioError
        ``song.wav: holds NaN 12.345 s into the song, channel 2``.
    UnusableAudioError
        ``song.wav: has 6 channels; mono and stereo can be mastered, fold it down first``.
    TooLongError
        ``song.wav: needs at least 9.1 GB of memory, 3.9 GB are free``.
    """
    name = str(path)
    with open_song(path) as file:
        try:
            size = file.seek(0, io.SEEK_END)
            if size == 0:
                raise UnusableAudioError(name, "is empty (0 bytes)")
            found = _decode(Request(name, file, size, max_seconds, on_progress, memory))
        except OSError as error:
            raise reading_error(name, error) from None
        except MemoryError:
            raise TooLongError(name, "does not fit into the memory that is free") from None
    if on_progress:
        on_progress(1.0)
    return Source(
        audio=Audio(found.samples, found.rate),
        path=name,
        container=found.container,
        subtype=found.subtype,
        bit_depth=found.bit_depth,
        lossy=found.lossy,
        notes=found.notes,
    )


def _decode(request: Request) -> Decoded:
    """Hand the file to who can decode it; libsndfile is imported only if it is needed."""
    kind, demuxer, start = kind_of(request.file)
    if kind == "wav" and start == 0:
        return _decode_wav(request)
    if kind == "pyav":
        from masterify_core.files import ffmpeg

        return ffmpeg.decode(request, demuxer)
    from masterify_core.files import compressed

    if kind == "aiff":
        return compressed.decode_aiff(request, start)
    if kind == "ogg":
        return compressed.decode_ogg(request, start)
    if kind == "flac":
        return compressed.decode_flac(request, start)
    if kind in ("sndfile", "wav"):
        return compressed.decode_plain(request, demuxer.upper() or "audio", start)
    return compressed.decode_mpeg(request, start)


def _decode_wav(request: Request) -> Decoded:
    """Decode a WAV file: plain samples here, companded and compressed ones by libsndfile, others by FFmpeg."""
    riff = chunks_of(request.file)
    found = format_of(request.file, riff) if riff else None
    data = riff.first(b"data") if riff else None
    if riff is None or found is None or data is None:
        missing = "format" if found is None else "data"
        raise DamagedAudioError(request.path, f"is a WAV file without a readable {missing} chunk")
    if data.size == 0:
        raise UnusableAudioError(request.path, "holds no audio")
    if pcm.is_plain(found):
        return pcm.decode(request, riff, found, data)
    from masterify_core.files import compressed

    try:
        return compressed.decode_wav(request, riff, found, data)
    except DamagedAudioError:
        from masterify_core.files import ffmpeg

        try:  # WAV may hold nearly any codec; libsndfile knows a dozen
            return ffmpeg.decode(request, "wav")
        except NotAudioError:
            pass
        raise

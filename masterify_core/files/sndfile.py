"""The one place that talks to libsndfile for reading: decodes one stream into a song."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile

from masterify_core.errors import DamagedAudioError
from masterify_core.files.decoded import Request
from masterify_core.files.planar import Planar

BLOCK_FRAMES = 65_536
# More than this and libsndfile says that it does not know the length.
MOST_FRAMES = 1 << 60


@dataclass(frozen=True, slots=True)
class Stream:
    """What one stream turned out to be.

    ``promised`` are the frames its header says (0: unknown), ``fault`` is where decoding broke off and why.
    """

    container: str
    subtype: str
    channels: int
    rate: int
    promised: int
    fault: str


class Window(io.RawIOBase):
    """A part of a file seen as a file, with other bytes in front of it.

    ``failure`` is what was raised while libsndfile called it: C cannot pass that on, so `Song` does.
    """

    def __init__(self, file: io.FileIO, start: int, stop: int, front: bytes = b"") -> None:
        super().__init__()
        self._file, self._start, self._stop, self._front = file, start, stop, front
        self._at = 0
        self.length = len(front) + stop - start
        self.failure: BaseException | None = None

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move as in any file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where we are."""
        return self._at

    def readinto(self, into: Any, /) -> int:
        """Read the front, then the part of the file."""
        view = memoryview(into)
        if self._at < len(self._front):
            piece = self._front[self._at : self._at + len(view)]
            view[: len(piece)] = piece
            got = len(piece)
        else:
            at = self._start + self._at - len(self._front)
            self._file.seek(at)
            got = self._file.readinto(view[: max(0, self._stop - at)]) or 0
        self._at += got
        return got


class _FromWindow(soundfile.SoundFile):  # type: ignore[misc]
    """A SoundFile whose callbacks keep what is raised in them, Ctrl-C too; soundfile's own drop it."""

    def _init_virtual_io(self, file: Window) -> Any:
        ffi: Any = soundfile._ffi  # noqa: SLF001

        def keep(_kind: Any, error: BaseException, _trace: Any) -> None:
            file.failure = error

        def length(_data: Any) -> int:
            return file.length

        def seek(offset: int, whence: int, _data: Any) -> int:
            return file.seek(offset, whence)

        def read(into: Any, count: int, _data: Any) -> int:
            return file.readinto(ffi.buffer(into, count))

        def write(_from: Any, _count: int, _data: Any) -> int:
            return 0

        def tell(_data: Any) -> int:
            return file.tell()

        functions = {"get_filelen": length, "seek": seek, "read": read, "write": write, "tell": tell}
        self._virtual_io = {
            name: ffi.callback(f"sf_vio_{name}", function, 0, keep) for name, function in functions.items()
        }
        return ffi.new("SF_VIRTUAL_IO*", self._virtual_io)


class Song:
    """An open stream. ``source`` is the file itself or a `Window`.

    Raises
    ------
    DamagedAudioError
        e.g. ``song.flac: looks like FLAC but cannot be decoded``.
    """

    def __init__(self, request: Request, source: io.FileIO | Window, label: str) -> None:
        self._request, self._source = request, source
        source.seek(0)
        try:
            self._song: Any
            if isinstance(source, Window):
                self._song = _FromWindow(source)
            elif os.name == "posix":
                self._song = soundfile.SoundFile(source.fileno(), closefd=False)
            else:  # a file number means something only to the C library that made it
                self._source = Window(source, 0, request.size)
                self._song = _FromWindow(self._source)
        except (soundfile.SoundFileError, TypeError, ValueError):  # its reasons mislead more than they help
            self._raise_failure()
            raise DamagedAudioError(request.path, f"looks like {label} but cannot be decoded") from None
        promised = int(self._song.frames)
        self.promised = promised if 0 < promised < MOST_FRAMES else 0
        self.channels, self.rate = int(self._song.channels), int(self._song.samplerate)

    def planar(self) -> Planar:
        """Where this stream's samples go."""
        return self._request.planar(self.channels, self.rate, self.promised)

    def decode(self, planar: Planar, share_before: float = 0.0, share: float = 1.0) -> Stream:
        """Append everything this stream holds, whatever its header promised.

        libsndfile is asked directly: the functions of soundfile seek after each block, which fails for a
        header that promises 2**36 frames and loses the last good block of a damaged file.
        """
        snd: Any = soundfile._snd  # noqa: SLF001
        song = self._song
        block = np.empty((BLOCK_FRAMES, self.channels), np.float32)
        into = soundfile._ffi.cast("float *", block.ctypes.data)  # noqa: SLF001
        fault = ""
        before = planar.frames
        with song:
            while (got := snd.sf_readf_float(song._file, into, BLOCK_FRAMES)) > 0:  # noqa: SLF001
                planar.add(block[:got])
                self._raise_failure()
                self._request.progress(share_before + share * self._share(planar.frames - before))
            code = snd.sf_error(song._file)  # noqa: SLF001
            self._raise_failure()
            if code:
                why = soundfile.LibsndfileError(code).error_string.rstrip(". ")
                fault = f"the file is damaged {planar.frames / self.rate:.1f} s into the song ({why})"
            container, subtype = str(song.format), str(song.subtype)
        return Stream(container, subtype, self.channels, self.rate, self.promised, fault)

    @property
    def left_bytes(self) -> int:
        """How much of the source was not looked at."""
        source = self._source
        return (source.length if isinstance(source, Window) else self._request.size) - source.tell()

    def close(self) -> None:
        """Let go of a stream that is not to be decoded."""
        self._song.close()

    def _share(self, frames: int) -> float:
        """How much is done: by the length if it is known, else by how far the file was read."""
        if self.promised:
            return min(1.0, frames / self.promised)
        return min(1.0, self._source.tell() / max(1, self._request.size))

    def _raise_failure(self) -> None:
        """Raise what went wrong inside the callbacks."""
        failure = self._source.failure if isinstance(self._source, Window) else None
        if failure is not None:
            raise failure

"""Decodes, kind by kind, what libsndfile can: FLAC, MP3, Ogg, AIFF and the odd kinds of WAV."""

from __future__ import annotations

import io
import mmap
import struct
from dataclasses import replace

from masterify_core.errors import DamagedAudioError, NotAudioError
from masterify_core.files import mpeg, ogg
from masterify_core.files.decoded import Decoded, Request, shortfall
from masterify_core.files.planar import Planar
from masterify_core.files.quiet import quiet
from masterify_core.files.riff import FORMS, Chunk, Format, Riff, body_of, chunks_of
from masterify_core.files.sndfile import Song, Stream, Window

BIT_DEPTHS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}
LOSSLESS = {*BIT_DEPTHS, "ALAC_16", "ALAC_20", "ALAC_24", "ALAC_32", "DPCM_8", "DPCM_16"}
# A header may count an encoder's delay or padding; more is missing sound.
SLACK_FRAMES = 4096
# What may stand behind the audio of a FLAC file without being looked into: libFLAC reads ahead, tags are small.
LIKELY_TAG_BYTES = 1 << 16
# To the end of the count of samples in STREAMINFO: its 36 bits are the low half of byte 21, and bytes 22 to 25.
FLAC_HEAD_BYTES = 26


def decode_plain(request: Request, label: str, start: int) -> Decoded:
    """Decode one stream that starts at ``start``: AU, CAF, Wave64."""
    song = Song(request, _from(request, start), label)
    planar = song.planar()
    return _answer(planar, song.decode(planar), ())


def decode_flac(request: Request, start: int) -> Decoded:
    """Decode FLAC; libsndfile stops where the header says, which may be long before the song does.

    If much of the file is left then, it is decoded again with the header's count blanked; what was left may
    also be a tag or junk, so that only counts if it gives more sound.
    """
    song = Song(request, _from(request, start), "FLAC")
    planar = song.planar()
    stream = song.decode(planar)
    frames, left_bytes = planar.frames, song.left_bytes
    found = _answer(planar, stream, ())
    if left_bytes <= LIKELY_TAG_BYTES:
        return found
    request.file.seek(start)
    head = bytearray(request.file.read(FLAC_HEAD_BYTES))
    head[21] &= 0xF0
    head[22:26] = bytes(4)
    blanked = Song(request, Window(request.file, start + len(head), request.size, bytes(head)), "FLAC")
    planar = blanked.planar()
    stream = blanked.decode(planar)
    return _answer(planar, stream, (), trust=False) if planar.frames > frames else found


def decode_aiff(request: Request, start: int) -> Decoded:
    """Decode AIFF; libsndfile hides that a file is cut short, so the frames its header promises are read here."""
    found = decode_plain(request, "AIFF", start)
    form = chunks_of(request.file) if start == 0 else None
    common = form.first(b"COMM") if form else None
    body = body_of(request.file, common, 6) if common else b""
    promised = struct.unpack(">I", body[2:6])[0] if len(body) == 6 else 0
    frames = found.samples.shape[1]
    if promised <= frames or found.notes:
        return found
    note = shortfall(promised / found.rate, frames / found.rate)
    return replace(found, notes=(note,))


def decode_wav(request: Request, riff: Riff, found: Format, data: Chunk) -> Decoded:
    """Decode A-law, mu-law, ADPCM and other WAV that is not plain PCM.

    Where the header does not tell the length, or in a way that libsndfile refuses (BW64), it is given a
    new header in front of the same data.
    """
    source: io.FileIO | Window = request.file
    if riff.streamed or riff.form == b"BW64":
        fmt = b"fmt " + struct.pack("<I", len(found.raw)) + found.raw + b"\0" * (len(found.raw) % 2)
        head = b"RIFF" + struct.pack("<I", min(0xFFFF_FFFF, 12 + len(fmt) + data.size)) + b"WAVE" + fmt
        head += b"data" + struct.pack("<I", min(0xFFFF_FFFF, data.size))
        source = Window(request.file, data.start, data.start + data.size, head)
    song = Song(request, source, "WAV")
    planar = song.planar()
    stream = song.decode(planar)
    notes: tuple[str, ...] = ()
    if data.promised > data.size and data.size and not riff.streamed:
        seconds = planar.frames / song.rate
        notes = (shortfall(seconds * data.promised / data.size, seconds),)
    return _answer(planar, stream, notes, FORMS[riff.form])


def decode_mpeg(request: Request, start: int) -> Decoded:
    """Decode MP3 and MPEG layer II.

    libsndfile stops where the Xing tag or its own guess says: the frames are counted first, and if they
    are more than it would decode, it gets the file with a true tag in front.
    """
    with mmap.mmap(request.file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scan = mpeg.scan(data, start)
        free_format = mpeg.is_free_format(data[start : start + 4])
    if scan is None and not free_format:
        raise NotAudioError(request.path, "is not an audio file that can be read")
    with quiet():
        source = _from(request, scan.start) if scan and scan.start != start else request.file
        song = Song(request, source, "MP3")
        if scan and song.promised + SLACK_FRAMES < scan.samples:
            song.close()
            skipped = scan.start + (scan.header.size if scan.tagged else 0)
            front = mpeg.xing_frame(scan.header, scan.frames)
            song = Song(request, Window(request.file, skipped, request.size, front), "MP3")
        planar = song.planar()
        stream = song.decode(planar)
    notes: tuple[str, ...] = ()
    if scan and scan.promised is not None and scan.promised > scan.frames + 1:
        promised = scan.promised * scan.header.samples / scan.header.rate
        notes = (shortfall(promised, planar.frames / song.rate),)
    elif scan and planar.frames + SLACK_FRAMES < scan.samples:
        notes = (shortfall(scan.samples / scan.header.rate, planar.frames / song.rate),)
    return _answer(planar, stream, notes, "MP3", trust=False)


def decode_ogg(request: Request, start: int) -> Decoded:
    """Decode Ogg Vorbis, Opus or FLAC; of a chained file every link, which libsndfile alone does not."""
    with mmap.mmap(request.file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        chain = ogg.links(data, start)
    planar: Planar | None = None
    stream: Stream | None = None
    notes: list[str] = []
    for number, link in enumerate(chain, 1):
        whole = len(chain) == 1 and start == 0
        source = request.file if whole else Window(request.file, link.start, link.stop)
        try:
            song = Song(request, source, "Ogg")
        except DamagedAudioError:
            if stream is None:
                raise
            notes.append(f"only the first {number - 1} of {len(chain)} parts could be decoded")
            break
        planar = planar or song.planar()
        if stream and (song.channels, song.rate) != (stream.channels, stream.rate):
            song.close()
            notes.append(
                f"only the first {number - 1} of {len(chain)} parts were decoded: the next differs in kind"
            )
            break
        share = link.start / request.size, (link.stop - link.start) / request.size
        stream = song.decode(planar, *share)
    if planar is None or stream is None:
        raise NotAudioError(request.path, "is not an audio file that can be read")
    if not chain[-1].ends:
        notes.append("the Ogg stream has no end mark: the file may be cut short")
    container = "OPUS" if stream.subtype == "OPUS" else "OGG"
    return _answer(planar, stream, tuple(notes), container, trust=False)


def _from(request: Request, start: int) -> io.FileIO | Window:
    """Answer the file, or what follows the bytes in front of the audio."""
    return Window(request.file, start, request.size) if start else request.file


def _answer(
    planar: Planar, stream: Stream, notes: tuple[str, ...], container: str = "", *, trust: bool = True
) -> Decoded:
    """Put together what was decoded; ``trust`` tells whether the header's length means anything."""
    if stream.fault:
        notes = (*notes, stream.fault)
    elif trust and not notes and stream.promised > planar.frames > 0:
        notes = (shortfall(stream.promised / stream.rate, planar.frames / stream.rate),)
    return Decoded(
        planar.finish(),
        stream.rate,
        container or stream.container,
        stream.subtype,
        BIT_DEPTHS.get(stream.subtype),
        stream.subtype not in LOSSLESS,
        notes,
    )

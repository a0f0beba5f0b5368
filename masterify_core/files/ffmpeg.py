"""Decodes by PyAV (FFmpeg) what libsndfile cannot: AAC, ALAC, WMA, WebM and more. An optional extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from masterify_core.errors import DamagedAudioError, NotAudioError, UnusableAudioError
from masterify_core.files.decoded import Decoded, Request, shortfall
from masterify_core.files.planar import Planar

TITLES = {
    "mov": "M4A",
    "aac": "AAC",
    "matroska": "MATROSKA",
    "asf": "WMA",
    "wv": "WAVPACK",
    "ape": "APE",
    "tta": "TTA",
    "amr": "AMR",
    "wav": "WAV",
}
LOSSLESS = ("alac", "flac", "pcm_", "wavpack", "ape", "tta", "mlp", "truehd", "wmalossless")
# Lengths of compressed streams are rounded to packets and edit lists.
SLACK_SECONDS = 0.5
BLOCK_FRAMES = 65_536
ALAC_DEPTH_BYTE = 17  # of the magic cookie as FFmpeg keeps it, with its atom header
INSTALL = 'pip install "masterify[aac]"'


def decode(request: Request, demuxer: str) -> Decoded:
    """Decode the first sound stream of a file, as float.

    Raises
    ------
    NotAudioError
        e.g. ``song.m4a: reading M4A needs PyAV: pip install "masterify[aac]"``.
    DamagedAudioError
        e.g. ``song.m4a: looks like M4A but cannot be decoded (Invalid data found when processing input)``.
    """
    title = TITLES.get(demuxer, demuxer.upper())
    try:
        import av
    except ImportError:
        raise NotAudioError(request.path, f"reading {title} needs PyAV: {INSTALL}") from None
    try:
        with av.open(_address(request), format=demuxer, metadata_errors="ignore") as box:
            if not box.streams.audio:
                raise NotAudioError(request.path, "holds no sound")
            return _decode(request, box, box.streams.audio[0], title)
    except (av.FFmpegError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "its header is broken"
        raise DamagedAudioError(request.path, f"looks like {title} but cannot be decoded ({why})") from None


def _address(request: Request) -> Any:
    """Name the file for FFmpeg, so that no name is taken for a protocol; or hand it over where the name is no Unicode."""
    name = str(Path(request.path).absolute())
    try:
        name.encode()
    except UnicodeEncodeError:
        request.file.seek(0)
        return request.file
    return "file:" + name


def _decode(request: Request, box: Any, stream: Any, title: str) -> Decoded:
    """Decode until the end or the first error; what came before an error is kept, with a note."""
    import av

    promised_seconds = float(stream.duration * stream.time_base) if stream.duration else 0.0
    blocks = av.AudioResampler(format="flt", frame_size=BLOCK_FRAMES)  # changes the sample format only
    planar: Planar | None = None
    shape = (0, 0)
    fault = ""
    try:
        for frame in box.decode(stream):
            if planar is None:
                shape = (int(frame.sample_rate), int(frame.layout.nb_channels))
                planar = request.planar(shape[1], shape[0], round(promised_seconds * shape[0]))
            elif (frame.sample_rate, frame.layout.nb_channels) != shape:
                fault = "the rest has another sample rate or channel count and was left out"
                break
            for block in blocks.resample(frame):
                _take(planar, block)
                request.progress(planar.frames / shape[0] / promised_seconds if promised_seconds else 0.0)
    except av.FFmpegError as error:
        if planar is None:
            raise
        fault = f"the file is damaged {{:.1f}} s into the song ({error.strerror})"
    if planar is None:
        raise UnusableAudioError(request.path, "holds no audio")
    for block in blocks.resample(None):
        _take(planar, block)
    seconds = planar.frames / shape[0]
    notes = (fault.format(seconds),) if fault else ()
    if promised_seconds > seconds + SLACK_SECONDS and not fault and title != "AAC":  # raw AAC has no header
        notes = (shortfall(promised_seconds, seconds),)
    name = str(stream.codec_context.name)
    lossy = not name.startswith(LOSSLESS)
    depth = None if lossy else _bit_depth(stream.codec_context)
    return Decoded(planar.finish(), shape[0], title, name.upper(), depth, lossy, notes)


def _take(planar: Planar, block: Any) -> None:
    """Append a packed float frame."""
    planar.add(block.to_ndarray().reshape(-1, planar.channels))


def _bit_depth(codec: Any) -> int | None:
    """Bits of a lossless sample; FFmpeg decodes 20 to 32 of them alike, so ALAC's own header is asked."""
    cookie = bytes(codec.extradata or b"")
    if codec.name == "alac" and len(cookie) > ALAC_DEPTH_BYTE:
        return cookie[ALAC_DEPTH_BYTE]
    return 16 if codec.format and codec.format.name.startswith("s16") else None

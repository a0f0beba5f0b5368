"""Reads the tags of a song, whatever its format calls them. Broken tags are a note, never an error."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from masterify_core.files import wav_tags
from masterify_core.files.id3_frames import fields_of, is_copied_frame
from masterify_core.files.opening import open_song
from masterify_core.files.riff import Riff, body_of, chunks_of
from masterify_core.files.sniff import kind_of
from masterify_core.files.tags import BY_MP4, Picture, Tags, image_mime, is_copied

PICTURE_FIELD = "METADATA_BLOCK_PICTURE"
OLD_PICTURE_FIELD = "COVERART"
FRONT_COVER = 3
MP4_NUMBERS = {"trkn": ("TRACKNUMBER", "TRACKTOTAL"), "disk": ("DISCNUMBER", "DISCTOTAL")}
APE_NAMES = {"YEAR": "DATE", "TRACK": "TRACKNUMBER", "DISC": "DISCNUMBER", "ALBUM ARTIST": "ALBUMARTIST"}
AIFF_FIELDS = {b"NAME": "TITLE", b"AUTH": "ARTIST", b"(c) ": "COPYRIGHT", b"ANNO": "COMMENT"}
Found = tuple[list[tuple[str, str]], list[Picture], list[Any]]


def tags_of(path: str | Path) -> Tags:
    """Read everything a song file says about its song.

    What describes the loudness, the length or the coding of the file itself is left out.
    """
    with open_song(path) as file:
        kind, demuxer, _ = kind_of(file)
        if kind == "wav":
            return _of_wav(file)
        read = {"flac": _flac, "ogg": _ogg, "aiff": _aiff}.get(kind) or {"mov": _mp4}.get(
            demuxer, _id3_or_ape
        )
        found, notes = _try(lambda: read(file))
    fields, pictures, frames = found
    return Tags(fields=_copied(fields), pictures=tuple(pictures), frames=tuple(frames), notes=tuple(notes))


def _try(read: Callable[[], Found]) -> tuple[Found, list[str]]:
    """Read tags; whatever goes wrong in them is a note."""
    try:
        return read(), []
    except Exception as error:  # damaged tags make mutagen raise anything
        why = str(error).strip() or type(error).__name__
        return ([], [], []), [f"the song's tags are damaged and could not be kept ({why[:80]})"]


def _copied(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in fields if is_copied(name))


def _of_wav(file: io.FileIO) -> Tags:
    riff = chunks_of(file)
    if riff is None:
        return Tags()
    info = wav_tags.info_of(file, riff)
    chunks, notes = wav_tags.kept_chunks(file, riff)
    (fields, pictures, frames), more = _try(lambda: _from_id3(wav_tags.id3_of(file, riff)))
    known = {name.upper() for name, _ in fields}
    fields += [(name, text) for name, text in wav_tags.fields_of_info(info) if name not in known]
    return Tags(
        fields=_copied(fields),
        pictures=tuple(pictures),
        frames=tuple(frames),
        chunks=chunks,
        info=info,
        rate=wav_tags.rate_of(file, riff),
        notes=(*notes, *more),
    )


def _from_id3(tag: Any) -> Found:
    """Fields, pictures and frames of an ID3 tag that may be None."""
    frames = [frame for frame in tag.values() if is_copied_frame(frame)] if tag is not None else []
    fields, pictures, _ = fields_of(frames)
    return fields, pictures, frames


def _id3_or_ape(file: io.FileIO) -> Found:
    """ID3 in front or behind, else APEv2 as WavPack and some MP3 files have it."""
    from mutagen import apev2, id3

    try:
        file.seek(0)
        return _from_id3(id3.ID3(file))
    except id3.ID3NoHeaderError:
        pass
    try:
        file.seek(0)
        tag = apev2.APEv2(file)
    except apev2.APENoHeaderError:
        return [], [], []
    fields: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    for key, value in tag.items():
        name = APE_NAMES.get(key.upper(), key)
        if value.kind == apev2.TEXT:
            fields += [(name, text) for text in value]
        elif value.kind == apev2.BINARY and key.upper().startswith("COVER ART"):
            data = bytes(value.value).split(b"\0", 1)[-1]
            pictures.append(Picture(FRONT_COVER, image_mime(data), "", data))
    return _split_numbers(fields), pictures, []


def _aiff(file: io.FileIO) -> Found:
    """ID3 in its chunk, and the text chunks that AIFF had before."""
    from mutagen.id3 import ID3

    form = chunks_of(file) or Riff(b"FORM", ">", (), False)
    chunk = form.first(*wav_tags.ID3_IDS)
    tag = ID3(io.BytesIO(body_of(file, chunk, wav_tags.MOST_BYTES))) if chunk else None
    fields, pictures, frames = _from_id3(tag)
    known = {name.upper() for name, _ in fields}
    for text in form.chunks:
        name = AIFF_FIELDS.get(text.id, "")
        value = wav_tags.text_of(body_of(file, text, wav_tags.MOST_BYTES)) if name else ""
        if value and name not in known:
            fields.append((name, value))
    return fields, pictures, frames


def _flac(file: io.FileIO) -> Found:
    """Vorbis comments and picture blocks; an ID3 tag in front fills in if there are no comments."""
    from mutagen.flac import FLAC
    from mutagen.id3 import ID3, ID3NoHeaderError

    file.seek(0)
    song = FLAC(file)
    fields, pictures = _vorbis(song.tags or [])
    pictures = [_picture(block) for block in song.pictures] + pictures
    try:
        file.seek(0)
        frames = _from_id3(ID3(file))
    except ID3NoHeaderError:
        return fields, pictures, []
    return fields or frames[0], pictures or frames[1], []


def _ogg(file: io.FileIO) -> Found:
    """Vorbis comments of any codec in Ogg."""
    import mutagen
    from mutagen import oggflac, oggopus, oggspeex, oggvorbis

    file.seek(0)
    kinds = (oggvorbis.OggVorbis, oggopus.OggOpus, oggflac.OggFLAC, oggspeex.OggSpeex)
    song = mutagen.File(file, options=kinds)
    return (*_vorbis(song.tags if song is not None and song.tags else []), [])


def _vorbis(comments: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[Picture]]:
    """Fields, and pictures that Ogg keeps as base64."""
    from mutagen.flac import Picture as Block

    fields: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    for name, value in comments:
        if name.upper() == PICTURE_FIELD:
            pictures.append(_picture(Block(base64.b64decode(value))))
        elif name.upper() == OLD_PICTURE_FIELD:
            data = base64.b64decode(value)
            pictures.append(Picture(FRONT_COVER, image_mime(data), "", data))
        elif name.upper() != "COVERARTMIME":
            fields.append((name, value))
    return _split_numbers(fields), pictures


def _picture(block: Any) -> Picture:
    return Picture(int(block.type), block.mime, block.desc, bytes(block.data))


def _split_numbers(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Write "3/12" as number and total, as the other formats do."""
    out: list[tuple[str, str]] = []
    for name, value in fields:
        number, slash, total = value.partition("/")
        if slash and name.upper() in ("TRACKNUMBER", "DISCNUMBER"):
            out += [
                (name, number.strip()),
                (name[:-6] + ("TOTAL" if name.isupper() else "total"), total.strip()),
            ]
        else:
            out.append((name, value))
    return out


def _mp4(file: io.FileIO) -> Found:
    """Atoms of iTunes, freeform ones and covers."""
    from mutagen.mp4 import MP4

    file.seek(0)
    fields: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    for atom, values in (MP4(file).tags or {}).items():
        if atom == "covr":
            pictures += [Picture(FRONT_COVER, image_mime(bytes(data)), "", bytes(data)) for data in values]
        elif atom in MP4_NUMBERS:
            fields += [
                (n, str(v)) for pair in values for n, v in zip(MP4_NUMBERS[atom], pair, strict=False) if v
            ]
        elif atom.startswith("----:"):
            name = atom.split(":", 2)[2]
            fields += [(name, bytes(value).decode("utf-8", "replace")) for value in values]
        else:
            texts = values if isinstance(values, list) else [values]
            name = BY_MP4.get(atom, atom)
            fields += [(name, str(int(v)) if isinstance(v, bool) else str(v)) for v in texts]
    return fields, pictures, []

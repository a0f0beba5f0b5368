"""Writes tags into finished FLAC and MP3 files. What a format has no place for is a note, never an error."""

from __future__ import annotations

import io
from typing import Any

from masterify_core.files.id3_frames import fields_of, frames_for
from masterify_core.files.tags import Picture, Tags

# Room for a player to edit tags without writing the whole file anew; always the same, so the bytes are too.
PADDING_BYTES = 4096
MOST_PICTURE_BYTES = (1 << 24) - 4096  # the length of a FLAC block has 24 bits


def write_mp3_tags(file: io.FileIO, tags: Tags) -> list[str]:
    """Put an ID3v2.4 tag in front of an MP3; answers notes. Only the system's errors are raised."""
    if not (tags.fields or tags.frames or tags.pictures):
        return _no_place("MP3", tags, [])

    def write(buffered: io.BufferedRandom) -> None:
        from mutagen.id3 import ID3

        tag = ID3()
        for frame in frames_for(tags):
            tag.add(frame)
        tag.save(buffered, v1=0, padding=lambda _: PADDING_BYTES)

    return _carefully(file, write) + _no_place("MP3", tags, [])


def write_flac_tags(file: io.FileIO, tags: Tags) -> list[str]:
    """Put Vorbis comments and pictures into a FLAC; answers notes. Only the system's errors are raised."""
    lost = sorted(set(fields_of(tags.frames)[2]))
    pictures = [picture for picture in tags.pictures if len(picture.data) <= MOST_PICTURE_BYTES]
    notes = _no_place("FLAC", tags, lost)
    if len(pictures) < len(tags.pictures):
        notes.append("a picture is larger than FLAC allows (16 MB) and was not kept")
    if not (tags.fields or pictures):
        return notes

    def write(buffered: io.BufferedRandom) -> None:
        from mutagen.flac import FLAC

        song = FLAC(buffered)
        if song.tags is None:
            song.add_tags()
        for name, value in tags.fields:
            song.tags.append(_comment(name, value))
        for picture in pictures:
            song.add_picture(_block(picture))
        buffered.seek(0)
        song.save(buffered, padding=lambda _: PADDING_BYTES)

    return _carefully(file, write) + notes


def _carefully(file: io.FileIO, write: Any) -> list[str]:
    """Let mutagen write; a full disk is raised, odd values are a note.

    mutagen renders a tag before it touches the file, so a value that it refuses leaves the file whole.
    """
    file.seek(0)
    buffered = io.BufferedRandom(file)
    try:
        write(buffered)
        buffered.flush()
    except Exception as error:
        reason = error if isinstance(error, OSError) else next(iter(error.args), None)
        if isinstance(reason, OSError):
            raise reason from None
        return [f"the tags could not be written ({error})"]
    finally:
        buffered.detach()
    return []


def _no_place(title: str, tags: Tags, lost_frames: list[str]) -> list[str]:
    """Notes about what was in the song and cannot be in this format."""
    chunks = [id_.decode("ascii", "replace").strip() for id_, _ in tags.chunks]
    notes = [f"{title} has no place for the song's WAV chunks {', '.join(chunks)}"] * bool(chunks)
    return notes + [f"{title} has no place for the song's ID3 frames {', '.join(lost_frames)}"] * bool(
        lost_frames
    )


def _comment(name: str, value: str) -> tuple[str, str]:
    """A Vorbis comment; a name that it does not allow goes into a comment's text."""
    value = value.encode("utf-8", "replace").decode()
    allowed = name and all(" " <= letter <= "}" and letter != "=" for letter in name)
    return (name, value) if allowed else ("COMMENT", f"{name}: {value}")


def _block(picture: Picture) -> Any:
    """A picture as FLAC keeps it."""
    from mutagen.flac import Picture as Block

    block = Block()
    block.type, block.mime, block.desc, block.data = (
        picture.kind,
        picture.mime,
        picture.description,
        picture.data,
    )
    return block

"""ID3v2 frames to neutral fields and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from masterify_core.files.tags import (
    BY_ID3,
    FRAMES_NOT_COPIED,
    OWNERS_NOT_COPIED,
    TO_ID3,
    Picture,
    Tags,
    is_copied,
)

UTF8 = 3
# The number, the total, and another name that some programs give the total.
NUMBERS = {
    "TRCK": ("TRACKNUMBER", "TRACKTOTAL", "TOTALTRACKS"),
    "TPOS": ("DISCNUMBER", "DISCTOTAL", "TOTALDISCS"),
}
LYRICS_NAMES = ("LYRICS", "UNSYNCEDLYRICS")
MILLISECONDS = 2  # time stamps of SYLT


def is_copied_frame(frame: Any) -> bool:
    """Whether a frame is true of the master too."""
    name = getattr(frame, "desc", "") if frame.FrameID in ("TXXX", "COMM") else ""
    if frame.FrameID == "PRIV" and frame.owner.upper() in OWNERS_NOT_COPIED:
        return False
    return frame.FrameID not in FRAMES_NOT_COPIED and is_copied(name)


def fields_of(frames: Iterable[Any]) -> tuple[list[tuple[str, str]], list[Picture], list[str]]:
    """Fields and pictures of frames, and the kinds of frame that have no neutral form."""
    fields: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    lost: list[str] = []
    for frame in frames:
        if frame.FrameID == "APIC":
            pictures.append(Picture(int(frame.type), frame.mime, frame.desc, frame.data))
            continue
        found = _fields_of_frame(frame)
        if found is None:
            lost.append(frame.FrameID)
        else:
            fields += [(name, value) for name, value in found if value]
    return fields, pictures, lost


def frames_for(tags: Tags) -> list[Any]:
    """Frames that say what the tags say: those of the song, and new ones for what they leave out."""
    from mutagen import id3

    frames = list(tags.frames)
    said = {name.upper() for name, _ in fields_of(frames)[0]}
    values: dict[str, list[str]] = {}
    for name, value in tags.fields:
        if name.upper() not in said:
            values.setdefault(name.upper() if name.upper() in TO_ID3 else name, []).append(value)
    for frame_id, names in NUMBERS.items():
        number, total = _take(values, names[:1]), _take(values, names[1:])
        if number or total:
            text = (number or ["0"])[0]
            text = f"{text}/{total[0]}" if total and "/" not in text else text
            frames.append(getattr(id3, frame_id)(encoding=UTF8, text=text))
    frames += [
        id3.USLT(encoding=UTF8, lang="XXX", desc="", text=text) for text in _take(values, LYRICS_NAMES)[:1]
    ]
    for name, texts in values.items():
        frames += _frames_of_field(id3, name, texts)
    if not any(frame.FrameID == "APIC" for frame in frames):
        frames += _pictures(id3, tags.pictures)
    return frames


def _pictures(id3: Any, pictures: Iterable[Picture]) -> list[Any]:
    """Picture frames; ID3 tells them apart by their description alone."""
    frames: dict[str, Any] = {}
    for picture in pictures:
        description = picture.description
        while description in frames:
            description += "+"
        frames[description] = id3.APIC(
            encoding=UTF8, mime=picture.mime, type=picture.kind, desc=description, data=picture.data
        )
    return list(frames.values())


def _fields_of_frame(frame: Any) -> list[tuple[str, str]] | None:
    """The fields of one frame; None if it has none."""
    id_ = frame.FrameID
    if id_ in NUMBERS:
        parts = str(frame.text[0]).split("/") if frame.text else []
        return list(zip(NUMBERS[id_], (part.strip() for part in parts), strict=False))
    if id_ == "TXXX":
        return [(frame.desc or "TXXX", str(text)) for text in frame.text]
    if id_ == "COMM":
        name = f"COMMENT:{frame.desc}" if frame.desc else "COMMENT"
        return [(name, str(text)) for text in frame.text]
    if id_ == "USLT":
        return [("LYRICS", frame.text)]
    if id_ == "SYLT" and frame.format == MILLISECONDS:
        return [("SYNCEDLYRICS", "\n".join(_lrc(text, ms) for text, ms in frame.text))]
    if id_ == "TCON":
        return [("GENRE", genre) for genre in frame.genres]
    if id_ in ("TIPL", "TMCL", "IPLS"):
        return [(role.upper() or "PERFORMER", person) for role, person in frame.people]
    if id_ == "WXXX":
        return [(f"WXXX:{frame.desc}", frame.url)]
    if id_ == "UFID":
        return [(f"UFID:{frame.owner}", frame.data.decode("ascii"))] if frame.data.isascii() else None
    if id_.startswith("T") and hasattr(frame, "text"):
        return [(BY_ID3.get(id_, id_), str(text)) for text in frame.text]
    if id_.startswith("W") and hasattr(frame, "url"):
        return [(id_, frame.url)]
    return None


def _frames_of_field(id3: Any, name: str, texts: list[str]) -> list[Any]:
    """Make the frames of one field; what has no frame of its own becomes TXXX."""
    head, _, rest = name.partition(":")
    if head.upper() == "COMMENT":
        descriptions = [rest + f"{number}" * bool(number) for number in range(len(texts))]
        return [
            id3.COMM(encoding=UTF8, lang="XXX", desc=desc, text=text)
            for desc, text in zip(descriptions, texts, strict=True)
        ]
    if head == "WXXX":
        return [id3.WXXX(encoding=UTF8, desc=rest, url=texts[0])]
    if head == "UFID" and rest and texts[0].isascii():
        return [id3.UFID(owner=rest, data=texts[0].encode("ascii"))]
    kind = getattr(id3, TO_ID3.get(name, name), None) if name in TO_ID3 or _is_frame_id(id3, name) else None
    if kind is not None:
        frame = kind(url=texts[0]) if name.startswith("W") else kind(encoding=UTF8, text=texts)
        kept = [str(text) for text in getattr(frame, "text", texts)]
        if all(kept):  # a date that is none becomes empty: it is kept as free text then
            return [frame]
    return [id3.TXXX(encoding=UTF8, desc=name, text=texts)]


def _is_frame_id(id3: Any, name: str) -> bool:
    """Whether a field is a text or link frame under its own name, as `fields_of` makes them."""
    return (
        len(name) == 4 and name[0] in "TW" and name in id3.Frames and name not in ("TXXX", "WXXX", *NUMBERS)
    )


def _take(values: dict[str, list[str]], names: Iterable[str]) -> list[str]:
    """Remove fields, however they are spelled, and answer the values of the first."""
    found = [values.pop(key) for name in names for key in list(values) if key.upper() == name]
    return found[0] if found else []


def _lrc(text: str, milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"[{minutes:02d}:{rest / 1000:05.2f}]{text.strip()}"

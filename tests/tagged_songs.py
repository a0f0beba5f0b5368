"""Songs of every format that all say the same, each in its own way."""

import base64
import io

import mutagen.id3 as id3
import numpy as np
import pytest
import soundfile
from mutagen import aiff, flac, mp4, oggopus, oggvorbis

from masterify_core.files import create, read
from masterify_core.files.tag_reading import tags_of
from tests.wav_bytes import chunk, fmt, packed, ramp, wav

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400


JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 10


RATE = 44_100


# Every source says these; the lists below say them each in its own way.
SAID = {
    "TITLE": "제목 — 테스트",
    "ARTIST": "가수",
    "ALBUM": "Ünïcødé 앨범",
    "GENRE": "K-Pop",
    "DATE": "2024-05-17",
    "TRACKNUMBER": "3",
    "TRACKTOTAL": "12",
    "COMMENT": "made with an AI model",
    "LYRICS": "첫째 줄\nsecond line",
    "COPYRIGHT": "2024 somebody",
    "ISRC": "KRA012400001",
    "AI_DISCLOSURE": "fully generated",
}


LOUDNESS = {
    "REPLAYGAIN_TRACK_GAIN": "-9.1 dB",
    "replaygain_album_peak": "0.98",
    "R128_TRACK_GAIN": "-512",
    "iTunNORM": " 00001B2C",
}


def sound(path, container, subtype=None):
    soundfile.write(path, 0.1 * np.sin(np.arange(5_000) * 0.05), RATE, subtype, format=container)
    return path


def cover(data=PNG, mime="image/png"):
    block = flac.Picture()
    block.type, block.mime, block.desc, block.data = 3, mime, "cover", data
    return block


def id3_tag():
    tag = id3.ID3()
    for kind, name in (
        (id3.TIT2, "TITLE"),
        (id3.TPE1, "ARTIST"),
        (id3.TALB, "ALBUM"),
        (id3.TCON, "GENRE"),
        (id3.TDRC, "DATE"),
        (id3.TCOP, "COPYRIGHT"),
        (id3.TSRC, "ISRC"),
    ):
        tag.add(kind(encoding=3, text=SAID[name]))
    tag.add(id3.TRCK(encoding=3, text="3/12"))
    tag.add(id3.COMM(encoding=3, lang="eng", desc="", text=SAID["COMMENT"]))
    tag.add(id3.USLT(encoding=3, lang="kor", desc="", text=SAID["LYRICS"]))
    tag.add(id3.TXXX(encoding=3, desc="AI_DISCLOSURE", text=SAID["AI_DISCLOSURE"]))
    tag.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="cover", data=PNG))
    for name, value in LOUDNESS.items():
        tag.add(id3.TXXX(encoding=3, desc=name, text=value))
    tag.add(id3.COMM(encoding=0, lang="eng", desc="iTunNORM", text=" 0000ABCD"))
    tag.add(id3.RVA2(desc="track", channel=1, gain=-3.0, peak=0.9))
    tag.add(id3.PRIV(owner="PeakValue", data=b"\1\2\3\4"))
    return tag


def vorbis_comments(song):
    for name, value in (SAID | LOUDNESS).items():
        song[name] = value
    return song


def mp3_song(folder):
    path = sound(folder / "song.mp3", "MP3")
    id3_tag().save(path)
    return path


def aiff_song(folder):
    path = sound(folder / "song.aiff", "AIFF")
    song = aiff.AIFF(path)
    song.add_tags()
    for frame in id3_tag().values():
        song.tags.add(frame)
    song.save()
    return path


def wav_song(folder):
    out = io.BytesIO()
    id3_tag().save(out)
    path = folder / "song.wav"
    path.write_bytes(
        wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(), 16)), chunk(b"id3 ", out.getvalue()))
    )
    return path


def flac_song(folder):
    path = sound(folder / "song.flac", "FLAC")
    song = vorbis_comments(flac.FLAC(path))
    song.add_picture(cover())
    song.save()
    return path


def ogg_song(folder, subtype="VORBIS", kind=oggvorbis.OggVorbis):
    path = sound(folder / "song.ogg", "OGG", subtype) if subtype == "VORBIS" else folder / "song.opus"
    if subtype == "OPUS":
        soundfile.write(path, np.zeros(5_000), 48_000, "OPUS", format="OGG")
    song = vorbis_comments(kind(path))
    song["metadata_block_picture"] = base64.b64encode(cover().write()).decode()
    song.save()
    return path


def opus_song(folder):
    return ogg_song(folder, "OPUS", oggopus.OggOpus)


def m4a_song(folder):
    av = pytest.importorskip("av")
    path = folder / "song.m4a"
    with av.open(str(path), "w") as box:
        stream = box.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = RATE
        box.mux(stream.encode(frame))
        box.mux(stream.encode(None))
    song = mp4.MP4(path)
    atoms = {
        "TITLE": "\xa9nam",
        "ARTIST": "\xa9ART",
        "ALBUM": "\xa9alb",
        "GENRE": "\xa9gen",
        "DATE": "\xa9day",
        "COMMENT": "\xa9cmt",
        "LYRICS": "\xa9lyr",
        "COPYRIGHT": "cprt",
    }
    for name, atom in atoms.items():
        song.tags[atom] = SAID[name]
    song.tags["trkn"] = [(3, 12)]
    song.tags["cpil"] = True
    song.tags["covr"] = [mp4.MP4Cover(PNG, mp4.MP4Cover.FORMAT_PNG)]
    for name in ("ISRC", "AI_DISCLOSURE"):
        song.tags[f"----:com.apple.iTunes:{name}"] = SAID[name].encode()
    for name, value in [*LOUDNESS.items(), ("iTunSMPB", " 00000000 00000840")]:
        song.tags[f"----:com.apple.iTunes:{name}"] = value.encode()
    song.save()
    return path


SONGS = [mp3_song, aiff_song, wav_song, flac_song, ogg_song, opus_song, m4a_song]


def master(song, target, rate=RATE):
    """Write a second of nothing with the song's tags; answers the notes."""
    container = target.suffix[1:]
    kind = np.float32 if container == "mp3" else np.int32
    with create(target, rate=rate, channels=2, container=container, tags_from=song) as writer:
        writer.append(np.zeros((rate, 2), kind))
    assert read(target).audio.frames == rate
    return writer.notes


def said_by(path):
    """What a master says, in neutral names, by mutagen alone where that can read it."""
    tags = tags_of(path)
    found = {}
    for name, value in tags.fields:
        found.setdefault(name.upper(), value)
    return found, tags

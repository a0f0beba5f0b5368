"""Tags and covers go along from any format to any format; loudness tags and broken tags do not."""

import struct

import mutagen
import mutagen.id3 as id3
import numpy as np
import pytest
from mutagen import flac
from mutagen.apev2 import APEv2

from masterify_core.files import create, read, sha256_of
from masterify_core.files.tag_reading import tags_of
from tests.shared_audio import shared
from tests.tagged_songs import (
    JPEG,
    PNG,
    RATE,
    SAID,
    SONGS,
    cover,
    flac_song,
    m4a_song,
    master,
    mp3_song,
    said_by,
    sound,
)
from tests.wav_bytes import chunk, fmt, packed, ramp, wav


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.__name__)
@pytest.mark.parametrize("container", ["wav", "flac", "mp3"])
def test_everything_said_arrives(tmp_path, song, container):
    target = tmp_path / f"master.{container}"
    notes = master(song(tmp_path), target)
    found, tags = said_by(target)
    assert {name: found.get(name) for name in SAID} == SAID
    assert [picture.data for picture in tags.pictures] == [PNG]
    assert tags.pictures[0].mime == "image/png"
    assert [n for n in notes if "no place" not in n] == []
    raw = target.read_bytes().lower()
    for name in (b"replaygain", b"r128", b"itunnorm", b"itunsmpb", b"rva2", b"peakvalue"):
        assert name not in raw


@pytest.mark.parametrize("song", [mp3_song, flac_song, m4a_song], ids=lambda song: song.__name__)
def test_other_programs_read_the_master(tmp_path, song):
    path = song(tmp_path)
    for container in ("wav", "flac", "mp3"):
        target = tmp_path / f"master.{container}"
        master(path, target)
        file = mutagen.File(target)
        if container == "flac":
            assert file["title"] == [SAID["TITLE"]]
            assert file.pictures[0].data == PNG
        else:
            assert file.tags["TIT2"].text == [SAID["TITLE"]]
            assert str(file.tags["TRCK"]) == "3/12"
            assert file.tags.getall("USLT")[0].text == SAID["LYRICS"]
            assert file.tags.getall("APIC")[0].data == PNG


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.__name__)
def test_tags_arrive_as_the_same_bytes_each_time(tmp_path, song):
    path = song(tmp_path)
    for container in ("wav", "flac", "mp3"):
        one, two = tmp_path / f"1.{container}", tmp_path / f"2.{container}"
        master(path, one)
        master(path, two)
        assert sha256_of(one) == sha256_of(two)


def test_tags_stay_through_every_chain_of_formats(tmp_path):
    path = mp3_song(tmp_path)
    for number, container in enumerate(["flac", "wav", "mp3", "wav", "flac", "mp3"]):
        target = tmp_path / f"{number}.{container}"
        master(path, target)
        path = target
    found, tags = said_by(path)
    assert {name: found.get(name) for name in SAID} == SAID
    assert [picture.data for picture in tags.pictures] == [PNG]


def test_rare_frames_survive_a_trip_through_flac(tmp_path):
    song = sound(tmp_path / "song.mp3", "MP3")
    tag = id3.ID3()
    frames = [
        id3.TPOS(encoding=3, text="1/2"),
        id3.TPE1(encoding=3, text=["one", "two"]),
        id3.WOAR(url="https://example.org/artist"),
        id3.WXXX(encoding=3, desc="shop", url="https://example.org/shop"),
        id3.UFID(owner="http://musicbrainz.org", data=b"0123-abcd"),
        id3.TFLT(encoding=3, text="MPG/3"),
        id3.COMM(encoding=3, lang="eng", desc="mood", text="rainy"),
        id3.SYLT(
            encoding=3, lang="eng", format=2, type=1, desc="", text=[("first", 1_500), ("second", 61_250)]
        ),
        id3.TIPL(encoding=3, people=[["producer", "somebody"]]),
    ]
    for frame in frames:
        tag.add(frame)
    tag.save(song)
    assert master(song, tmp_path / "a.flac") == []
    fields = tags_of(tmp_path / "a.flac").fields
    assert ("SYNCEDLYRICS", "[00:01.50]first\n[01:01.25]second") in fields
    assert ("PRODUCER", "somebody") in fields
    master(tmp_path / "a.flac", tmp_path / "b.mp3")
    back = id3.ID3(tmp_path / "b.mp3")
    for frame in frames[:6]:
        assert back[frame.HashKey] == frame
    assert back.getall("COMM:mood")[0].text == ["rainy"]


@pytest.mark.parametrize("date", ["May 2024", "2024-05-17", "2024"])
def test_a_date_that_is_none_is_kept_as_text(tmp_path, date):
    song = sound(tmp_path / "song.flac", "FLAC")
    file = flac.FLAC(song)
    file["date"] = date
    file.save()
    master(song, tmp_path / "a.mp3")
    found, _ = said_by(tmp_path / "a.mp3")
    assert found["DATE"] == date


def test_several_pictures_stay_several(tmp_path):
    song = sound(tmp_path / "song.flac", "FLAC")
    file = flac.FLAC(song)
    for kind, data in ((3, PNG), (4, JPEG), (0, PNG + b"2")):
        picture = cover(data)
        picture.type = kind
        file.add_picture(picture)
    file.save()
    for container in ("mp3", "wav", "flac"):
        master(song, tmp_path / f"a.{container}")
        tags = tags_of(tmp_path / f"a.{container}")
        assert {(p.kind, p.data) for p in tags.pictures} == {(3, PNG), (4, JPEG), (0, PNG + b"2")}


def test_ape_tags_are_read_where_there_is_no_id3(tmp_path):
    song = sound(tmp_path / "song.mp3", "MP3")
    tag = APEv2()
    tag["Title"], tag["Year"], tag["Track"], tag["REPLAYGAIN_TRACK_GAIN"] = "제목", "2024", "3/12", "-9 dB"
    tag.save(song)
    master(song, tmp_path / "a.flac")
    found, _ = said_by(tmp_path / "a.flac")
    assert found == {"TITLE": "제목", "DATE": "2024", "TRACKNUMBER": "3", "TRACKTOTAL": "12"}


def test_text_chunks_of_aiff_are_read(tmp_path):
    song = sound(tmp_path / "song.aiff", "AIFF")
    data = (
        song.read_bytes()
        + chunk(b"NAME", "제목".encode(), order=">")
        + chunk(b"AUTH", b"somebody", order=">")
    )
    song.write_bytes(data[:4] + struct.pack(">I", len(data) - 8) + data[8:])
    assert tags_of(song).fields == (("TITLE", "제목"), ("ARTIST", "somebody"))


def test_a_song_without_tags_gives_a_master_without(tmp_path):
    song = sound(tmp_path / "song.wav", "WAV", "PCM_16")
    master(song, tmp_path / "a.wav")
    assert (tmp_path / "a.wav").stat().st_size == 44 + RATE * 2 * 3
    for container in ("flac", "mp3"):
        master(song, tmp_path / f"a.{container}")
        assert said_by(tmp_path / f"a.{container}")[0] == {}


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.__name__)
def test_broken_tags_never_stop_a_master(tmp_path, song):
    """Bytes of the tag are changed at random; there is a master each time, and it can be read."""
    path = song(tmp_path)
    whole = path.read_bytes()
    at = whole.find(SAID["ALBUM"].encode())
    random = np.random.default_rng(7)
    for number in range(12):
        data = bytearray(whole)
        for place in random.integers(max(0, at - 200), min(len(data), at + 400), 20):
            data[place] = int(random.integers(0, 256))
        path.write_bytes(data)
        container = ("wav", "flac", "mp3")[number % 3]
        target = tmp_path / f"{number}.{container}"
        kind = np.float32 if container == "mp3" else np.int32
        with create(target, rate=RATE, channels=2, container=container, tags_from=path) as writer:
            writer.append(np.zeros((2_000, 2), kind))
        assert read(target).audio.frames == 2_000


def test_damaged_tags_are_told(tmp_path):
    song = tmp_path / "song.wav"
    song.write_bytes(
        wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(), 16)), chunk(b"id3 ", b"rubbish" * 9))
    )
    (note,) = master(song, tmp_path / "a.wav")
    assert note.startswith("the song's tags are damaged and could not be kept")


def test_a_picture_larger_than_flac_allows_is_told(tmp_path):
    song = sound(tmp_path / "song.mp3", "MP3")
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text="title"))
    tag.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=PNG + bytes(1 << 24)))
    tag.save(song)
    assert master(song, tmp_path / "a.flac") == [
        "a picture is larger than FLAC allows (16 MB) and was not kept"
    ]
    assert said_by(tmp_path / "a.flac")[0] == {"TITLE": "title"}
    assert master(song, tmp_path / "a.wav") == []


@pytest.mark.parametrize(
    "name",
    [
        "formats/libbw64/rect_24bit_bext.wav",
        "formats/wavefile/32IEEE-meta.wav",
        "formats/wavefile/song1.wav",
        "formats/audiomentations/testing.m4a",
        "songs/joshua_morin_on_the_run.ogg",
        "ai/acestep_test_track_001.mp3",
    ],
)
def test_tags_of_real_files_go_along(tmp_path, name):
    song = shared(name)
    before = tags_of(song)
    master(song, tmp_path / "a.wav")
    after = tags_of(tmp_path / "a.wav")
    assert {n.upper(): v for n, v in before.fields}.items() <= {n.upper(): v for n, v in after.fields}.items()
    assert {p.data for p in before.pictures} <= {p.data for p in after.pictures}
    assert [id_ for id_, _ in before.chunks] == [id_ for id_, _ in after.chunks]

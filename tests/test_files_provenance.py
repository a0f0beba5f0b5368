"""What WAV says about its song, and what tells where a song comes from, stays."""

import io
import struct

import mutagen.id3 as id3
import pytest

from masterify_core.files.riff import body_of, chunks_of
from masterify_core.files.tag_reading import tags_of
from masterify_core.files.wav_tags import info_of, text_of
from tests.tagged_songs import RATE, SAID, master, mp3_song, said_by, sound
from tests.wav_bytes import chunk, fmt, packed, ramp, wav


def test_a_wav_master_says_it_in_list_info_too_and_before_its_samples(tmp_path):
    target = tmp_path / "a.wav"
    master(mp3_song(tmp_path), target)
    with io.FileIO(target) as file:
        riff = chunks_of(file)
        info = dict(info_of(file, riff))
    assert [c.id for c in riff.chunks] == [b"fmt ", b"LIST", b"id3 ", b"data"]
    assert info[b"INAM"].decode() == SAID["TITLE"] + "\0"
    assert info[b"IART"].decode() == SAID["ARTIST"] + "\0"


def test_list_info_alone_becomes_tags_of_every_format(tmp_path):
    entries = b"".join(
        id_ + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) % 2)
        for id_, raw in (
            (b"INAM", "제목".encode() + b"\0"),
            (b"IART", "가수".encode("cp949") + b"\0"),
            (b"IXYZ", b"odd\0"),
        )
    )
    song = tmp_path / "song.wav"
    song.write_bytes(
        wav(chunk(b"fmt ", fmt()), chunk(b"LIST", b"INFO" + entries), chunk(b"data", packed(ramp(), 16)))
    )
    for container in ("wav", "flac", "mp3"):
        target = tmp_path / f"master.{container}"
        assert master(song, target) == []
        found, _ = said_by(target)
        assert (found["TITLE"], found["ARTIST"]) == ("제목", "가수")
    with io.FileIO(tmp_path / "master.wav") as file:
        assert (b"IXYZ", b"odd\0") in info_of(file, chunks_of(file))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("제목".encode("cp949"), "제목"),
        ("제목 (Remix)".encode("cp949") + b"\0\0", "제목 (Remix)"),
        ("Åsa Björk".encode("latin-1"), "Åsa Björk"),
        ("Café del Mar".encode("cp1252"), "Café del Mar"),
        ("naïve 제목".encode(), "naïve 제목"),
        (b"plain\0rubbish", "plain"),
    ],
)
def test_text_without_an_encoding_is_guessed(raw, text):
    assert text_of(raw) == text


def bext(version, rate_time=RATE * 10, loudness=(-1400, 500, -100, -900, -1200)):
    head = (
        b"description".ljust(256, b"\0")
        + b"originator".ljust(32, b"\0")
        + b"reference".ljust(32, b"\0")
        + b"2024-05-1712:00:00"
    )
    return (
        head
        + struct.pack("<QH", rate_time, version)
        + bytes(64)
        + struct.pack("<5h", *loudness)
        + bytes(180)
        + b"A=PCM\r\n"
    )


def provenance_song(tmp_path, version=2):
    song = tmp_path / "song.wav"
    extra = [
        chunk(b"bext", bext(version)),
        chunk(b"iXML", b"<BWFXML/>"),
        chunk(b"axml", b"<adm/>"),
        chunk(b"JUNK", b"junk"),
    ]
    after = [chunk(b"C2PA", b"manifest" * 99 + b"!"), chunk(b"_PMX", b"<x:xmpmeta/>")]
    song.write_bytes(wav(*extra, chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(), 16)), *after))
    return song


def test_provenance_of_a_wav_stays_and_its_loudness_does_not(tmp_path):
    target = tmp_path / "a.wav"
    assert master(provenance_song(tmp_path), target) == []
    with io.FileIO(target) as file:
        riff = chunks_of(file)
        kept = {c.id: body_of(file, c, 10_000) for c in riff.chunks if c.id != b"data"}
    assert [c.id for c in riff.chunks][-1] == b"data"
    assert kept[b"C2PA"] == b"manifest" * 99 + b"!"
    assert (kept[b"iXML"], kept[b"axml"], kept[b"_PMX"]) == (b"<BWFXML/>", b"<adm/>", b"<x:xmpmeta/>")
    assert b"JUNK" not in kept
    assert kept[b"bext"] == bext(2, loudness=(0x7FFF,) * 5)


def test_bext_of_version_1_stays_as_it_is_and_time_follows_the_rate(tmp_path):
    target = tmp_path / "a.wav"
    master(provenance_song(tmp_path, version=1), target, rate=48_000)
    with io.FileIO(target) as file:
        riff = chunks_of(file)
        kept = body_of(file, riff.first(b"bext"), 10_000)
    assert kept == bext(1, rate_time=480_000)


@pytest.mark.parametrize("container", ["flac", "mp3"])
def test_what_a_format_has_no_place_for_is_told(tmp_path, container):
    target = tmp_path / f"a.{container}"
    (note,) = master(provenance_song(tmp_path), target)
    assert note == f"{container.upper()} has no place for the song's WAV chunks bext, iXML, axml, C2PA, _PMX"


def test_c2pa_in_id3_goes_to_mp3_and_wav_and_is_told_for_flac(tmp_path):
    song = sound(tmp_path / "song.mp3", "MP3")
    tag = id3.ID3()
    tag.add(
        id3.GEOB(
            encoding=0,
            mime="application/x-c2pa-manifest-store",
            filename="c2pa",
            desc="c2pa manifest store",
            data=b"jumb" * 50,
        )
    )
    tag.add(id3.TXXX(encoding=3, desc="Suno 프롬프트", text="a song about rain"))
    tag.add(id3.TSSE(encoding=3, text="some AI service 4.5"))
    tag.save(song)
    for container in ("mp3", "wav"):
        assert master(song, tmp_path / f"a.{container}") == []
        frames = {frame.FrameID: frame for frame in tags_of(tmp_path / f"a.{container}").frames}
        assert frames["GEOB"].data == b"jumb" * 50
        assert frames["TXXX"].desc == "Suno 프롬프트"
    assert master(song, tmp_path / "a.flac") == ["FLAC has no place for the song's ID3 frames GEOB"]
    found, _ = said_by(tmp_path / "a.flac")
    assert found["COMMENT"] == "Suno 프롬프트: a song about rain"
    assert found["ENCODER"] == "some AI service 4.5"

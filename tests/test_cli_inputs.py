"""Which songs a command line names, and where their masters may go."""

import os
import sys

import pytest

from masterify_cli import inputs
from masterify_cli.exits import UsageError
from tests.cli import Stream


def found(*given, **settings):
    with inputs.opened([str(g) for g in given], **settings) as songs:
        return [(song.given, song.out_dir) for song in songs]


@pytest.fixture
def album(tmp_path):
    for name in (
        "b.wav", "a.FLAC", "cover.jpg", ".hidden.wav", "._a.flac", "disc 2/노래.mp3", "disc 2/b.wav", ".git/x.wav",
        "masters/a (Master - Spotify).wav", "b (Master - Spotify).wav", "disc 2/masters/b.wav",
    ):  # fmt: skip
        path = tmp_path / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "album"


def test_files_are_taken_as_they_are_named_even_if_they_do_not_exist(tmp_path):
    assert found("no such.wav", "-x.wav", "노래.wav") == [
        ("no such.wav", None),
        ("-x.wav", None),
        ("노래.wav", None),
    ]


def test_a_file_named_twice_is_one_song(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wav").touch()
    assert found("a.wav", "./a.wav", tmp_path / "a.wav") == [("a.wav", None)]


def test_a_folder_needs_recursive(album):
    with pytest.raises(UsageError, match="--recursive"):
        found(album)


def test_a_folder_gives_the_songs_below_in_order_without_hidden_files_and_masters(album):
    names = [os.path.relpath(given, album) for given, _ in found(album, recursive=True)]
    assert names == ["a.FLAC", "b.wav", "disc 2/노래.mp3", "disc 2/b.wav"] or names == [
        "a.FLAC", "b.wav", "disc 2/b.wav", "disc 2/노래.mp3",
    ]  # fmt: skip


def test_folders_below_are_repeated_in_the_output_folder(album):
    out = dict(found(album, recursive=True, out_dir="out"))
    assert out[str(album / "b.wav")] == "out"
    assert out[str(album / "disc 2" / "b.wav")] == os.path.join("out", "disc 2")


def test_an_output_folder_inside_the_album_is_not_searched(album):
    songs = found(album, recursive=True, out_dir=str(album / "disc 2"))
    assert [os.path.basename(given) for given, _ in songs] == ["a.FLAC", "b.wav"]


def test_a_name_that_is_too_long_for_the_system_is_left_to_the_engine():
    assert found("x" * 300 + ".wav") == [("x" * 300 + ".wav", None)]


def test_a_folder_without_songs_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="no songs"):
        found(tmp_path, recursive=True)


def test_a_pattern_that_the_shell_left_alone_is_expanded(album):
    assert [os.path.basename(g) for g, _ in found(album / "*.wav")] == ["b (Master - Spotify).wav", "b.wav"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    odd = tmp_path / "a[1].wav"
    odd.touch()
    (tmp_path / "a1.wav").touch()
    assert found(odd) == [(str(odd), None)]


def test_standard_input_is_a_temporary_file_while_it_is_needed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stream(b"RIFF..."))
    with inputs.opened(["-"]) as songs:
        (song,) = songs
        with open(song.path, "rb") as file:
            assert file.read() == b"RIFF..."
        assert (song.given, song.shown, song.out_dir) == ("-", "standard input", "masters")
        assert os.path.basename(song.path) == "stdin"
    assert not os.path.exists(song.path)
    assert not os.path.exists(os.path.dirname(song.path))


def test_a_terminal_is_no_song(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stream(terminal=True))
    with pytest.raises(UsageError, match="terminal"), inputs.opened(["-"]):
        pass

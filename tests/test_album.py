"""Albums: distances kept within bounds, tone brought together, and a song that joins later."""

import json

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from masterify_core.album import LOWEST_LU, MOST_TONE_DB, Planned, offset_lu, plan_album
from masterify_core.album_playback import judge
from masterify_core.album_signature import Signature, read_signature, write_signature
from masterify_core.errors import OutputError, SettingError
from masterify_core.mastering import MasterRequest, plan_song
from masterify_core.presets import Library
from tests.cli import masterify, write_song

LIBRARY = Library.load()
LEVELS_DB = {"anchor": -14.0, "near": -16.0, "quiet": -24.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three songs, the same but for their levels; one of them much quieter."""
    folder = tmp_path_factory.mktemp("album")
    for name, level_db in LEVELS_DB.items():
        write_song(folder / f"{name}.wav", level_db=level_db)
    return folder


def planned(folder, names=LEVELS_DB, **wish):
    songs = []
    for name in names:
        request = MasterRequest(source=str(folder / f"{name}.wav"), platforms=("spotify",), **wish)
        songs.append(Planned(request.source, *plan_song(request, LIBRARY)))
    return songs


@given(st.floats(0.0, 60.0), st.floats(0.0, 60.0))
def test_a_song_mixed_quieter_is_never_mastered_louder(one, other):
    assert (offset_lu(-one) - offset_lu(-other)) * (other - one) >= 0.0
    assert -LOWEST_LU <= offset_lu(-one) <= 0.0
    assert offset_lu(-one) >= -one


def test_the_loudest_song_meets_the_platform_and_the_others_lie_under_it_as_mixed(folder):
    songs = plan_album(planned(folder), LIBRARY).songs
    targets = [song.recipe.deliveries[0].loudness_lufs for song in songs]
    assert targets == pytest.approx([-14.0, -16.0, -14.0 + offset_lu(-10.0)], abs=0.05)
    assert len({song.recipe.deliveries[0].limiter for song in songs}) == 1


def test_songs_of_one_tone_are_left_where_their_own_plans_put_them(folder):
    alone = planned(folder)
    together = plan_album(alone, LIBRARY).songs
    assert [song.recipe.steps for song in together] == [song.recipe.steps for song in alone]


def test_a_dull_song_is_brightened_towards_the_others_within_bounds(tmp_path):
    for name in ("one", "two", "dull"):
        write_song(tmp_path / f"{name}.wav")
    samples, rate = soundfile.read(tmp_path / "dull.wav")
    spectrum = np.fft.rfft(samples, axis=0)
    hz = np.fft.rfftfreq(len(samples), 1 / rate)
    spectrum *= 10 ** (np.interp(np.log(np.maximum(hz, 1)), np.log([500, 4000]), [0, -5]) / 20)[:, None]
    soundfile.write(tmp_path / "dull.wav", np.fft.irfft(spectrum, len(samples), axis=0), rate)
    alone = planned(tmp_path, ("one", "two", "dull"))
    together = plan_album(alone, LIBRARY).songs

    def tone_at(recipe, hz):
        step = next((step for step in recipe.steps if step.stage == "tone"), None)
        return 0.0 if step is None else float(np.interp(hz, step.settings["hz"], step.settings["db"]))

    pulls = [
        tone_at(song.recipe, 6300) - tone_at(own.recipe, 6300)
        for song, own in zip(together, alone, strict=True)
    ]
    assert pulls[:2] == pytest.approx([0.0, 0.0], abs=0.01)
    assert 0.5 < pulls[2] <= MOST_TONE_DB


def test_intensity_0_keeps_each_tone(folder):
    for song in plan_album(planned(folder, intensity=0.0), LIBRARY).songs:
        assert not song.recipe.steps


def test_a_bonus_track_joins_by_the_signature_alone(folder, tmp_path):
    album = plan_album(planned(folder), LIBRARY)
    path = tmp_path / "album.json"
    write_signature(album.signature, path, overwrite=False)
    joined = plan_album(planned(folder, ["near"]), LIBRARY, read_signature(path))
    assert joined.songs[0].recipe == next(song.recipe for song in album.songs if "near" in song.source)
    assert joined.signature == album.signature


def test_a_bonus_track_mixed_at_another_level_lies_in_the_albums_middle(folder, tmp_path):
    signature = plan_album(planned(folder), LIBRARY).signature
    write_song(tmp_path / "far.wav", level_db=-50.0)
    (song,) = plan_album(planned(tmp_path, ["far"]), LIBRARY, signature).songs
    assert song.mixed_lu == signature.median_offset_lu


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "album.json"),
        ('{"format": 1}', "anchor_lufs is missing"),
        ("x" * 70_000, "not a signature"),
    ],
    ids=["broken", "list", "another", "large"],
)
def test_a_wrong_signature_names_the_file_and_the_key(tmp_path, text, said):
    path = tmp_path / "album.json"
    path.write_text(text)
    with pytest.raises(SettingError, match=r"album\.json") as raised:
        read_signature(path)
    assert said in str(raised.value)


def test_a_signature_is_not_overwritten_unasked(tmp_path):
    signature = Signature(
        anchor_lufs=-14.0,
        quietest_lufs=-20.0,
        median_offset_lu=-1.0,
        balance_db=(0.0,) * 28,
        genre="other",
        songs=3,
    )
    write_signature(signature, tmp_path / "a.json", overwrite=False)
    with pytest.raises(OutputError, match="exists already"):
        write_signature(signature, tmp_path / "a.json", overwrite=False)


@pytest.fixture(scope="module")
def ran(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("masters")
    signature = out / "album.json"
    return masterify(
        "album", folder, "-p", "spotify,melon", "-o", out, "--save-signature", signature, "--json"
    ), out


def test_the_command_masters_every_song_of_a_folder(ran, folder):
    done, out = ran
    assert done.code == 0, done.err
    songs = {song["input"].rpartition("/")[2]: song for song in done.json["songs"]}
    assert set(songs) == {f"{name}.wav" for name in LEVELS_DB}
    for name, song in songs.items():
        for delivery in song["deliveries"]:
            assert delivery["target_met"], (name, delivery)
    spotify = {name: song["deliveries"][0]["integrated_lufs"] for name, song in songs.items()}
    assert spotify["anchor.wav"] - spotify["near.wav"] == pytest.approx(2.0, abs=0.1)
    assert len(list(out.glob("*.wav"))) == 6
    assert read_signature(out / "album.json").songs == 3


def test_the_command_says_what_listeners_get(ran):
    spotify, melon = ran[0].json["playback"]
    assert spotify["album_gain_db"] == pytest.approx(0.0, abs=0.05)
    heard = [song["in_shuffle_lufs"] - song["in_album_lufs"] for song in spotify["songs"]]
    assert max(heard) > 0.5  # the quiet ones are turned up by themselves
    assert "no normalisation is known" in melon["shuffle"]


def test_playback_is_told_of_the_measured_files(ran, folder):
    request = MasterRequest(source=str(folder / "anchor.wav"), platforms=("spotify",), dry_run=True)
    from masterify_core.mastering import master

    delivery = master(request, LIBRARY).deliveries[0]
    verdict = judge(LIBRARY.platform("spotify"), [delivery])
    assert verdict.songs[0].in_album_lufs == pytest.approx(-14.0, abs=0.05)
    assert json.dumps(verdict.to_dict())


def test_one_bad_song_does_not_stop_the_album(folder, tmp_path):
    (tmp_path / "a.wav").write_bytes((folder / "anchor.wav").read_bytes())
    (tmp_path / "b.wav").write_bytes(b"no song")
    done = masterify("album", tmp_path, "-p", "spotify", "-o", tmp_path / "out", "--json")
    assert done.code == 3
    assert [("error" in song) for song in done.json["songs"]] == [False, True]
    assert (tmp_path / "out" / "a (Master - Spotify).wav").exists()


def test_a_terminal_shows_the_songs_and_the_verdict(folder, tmp_path):
    done = masterify("album", folder, "-p", "spotify", "--dry-run")
    assert done.code == 0, done.err
    assert "3 songs mastered as one album" in done.out
    assert "shuffle" in done.out
    assert not (folder / "masters").exists()

"""One file for several platforms: its numbers serve all that are named, and what is said of single masters is what they are."""

from pathlib import Path

import numpy as np
import pytest

from masterify_core import files
from masterify_core.audio import Audio
from masterify_core.errors import SettingError, UnknownNameError
from masterify_core.mastering import MasterRequest
from masterify_core.preset_platform import Playback
from masterify_core.rendering import prepare, render
from masterify_core.serving import AUDIBLE_SHARE, Single, serve
from masterify_core.stages.limiter import Limiter
from masterify_core.units import gain_to_db
from tests import songs
from tests.cli import masterify
from tests.songs import LIBRARY, read, run

FORESEEN_DB, FORESEEN_SHARE = 0.4, 0.1  # see `masterify_core.serving`
EXAMPLE = Path(__file__).parents[1] / "examples" / "first_light.flac"
EVERYBODY = set(LIBRARY.platforms()) - {"universal"}


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    return songs.write(tmp_path_factory.mktemp("one") / "song.wav", songs.mix(44_100, 12.0))


@pytest.fixture(scope="module")
def prepared():
    audio = Audio(songs.mix(44_100, 12.0).T, 44_100)
    return prepare(audio, audio.rate)


def single(lufs, ceiling=-1.0, playback=None):
    return Single(
        platform="x", title="X", loudness_lufs=lufs, limiter=Limiter(ceiling_dbtp=ceiling), playback=playback
    )


@pytest.mark.parametrize(
    ("named", "genre", "lufs", "ceiling"),
    [
        (("spotify", "youtube", "apple_music"), "other", -14.0, -1.0),
        (("apple_music",), "other", -16.0, -1.0),
        (("apple_music", "deezer"), "other", -15.0, -1.0),
        (("apple_music", "amazon_music"), "other", -14.0, -2.0),
        (("spotify", "melon"), "kpop", -8.0, -2.0),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else str(value),
)
def test_the_loudness_is_the_least_that_serves_everybody_and_the_ceiling_the_strictest(
    song, tmp_path, named, genre, lufs, ceiling
):
    result = run(song, universal=named, genre=genre, dry_run=True, out_dir=str(tmp_path))
    (order,) = result.recipe.deliveries
    assert (order.platform, order.serves) == ("universal", named)
    assert (order.loudness_lufs, order.limiter.ceiling_dbtp) == (lufs, ceiling)
    assert [each.platform for each in result.deliveries[0].served] == list(named)


def test_without_names_the_preset_stands_and_everybody_is_told_of(song, tmp_path):
    result = run(song, dry_run=True, out_dir=str(tmp_path))
    (delivery,) = result.deliveries
    assert (delivery.target_lufs, delivery.ceiling_dbtp) == (-14.0, -1.0)
    assert {each.platform for each in delivery.served} == EVERYBODY
    assert run(song, platforms=("spotify",), dry_run=True, out_dir=str(tmp_path)).deliveries[0].served == ()


def test_numbers_that_are_asked_for_win(song, tmp_path):
    result = run(
        song,
        universal=("spotify",),
        loudness_lufs=-11.0,
        ceiling_dbtp=-1.5,
        dry_run=True,
        out_dir=str(tmp_path),
    )
    (order,) = result.recipe.deliveries
    assert (order.loudness_lufs, order.limiter.ceiling_dbtp) == (-11.0, -1.5)
    assert result.deliveries[0].served[0].over_ceiling_db == 0.0


def test_it_comes_beside_the_platforms_that_are_asked_for(song, tmp_path):
    result = run(song, platforms=("cd",), universal=("spotify",), dry_run=True, out_dir=str(tmp_path))
    assert [each.platform for each in result.deliveries] == ["cd", "universal"]


def test_a_master_of_its_own_with_the_same_numbers_is_no_different(prepared):
    (same,) = serve(prepared, Limiter(ceiling_dbtp=-1.0), -9.0, [single(-9.0)], 9.0)
    assert (same.louder_lu, same.reduction_db, same.differing_share, same.headroom_db) == (0.0, 0.0, 0.0, 0.0)
    assert not same.audible
    assert same.gain_db is None


def test_quieter_where_nothing_is_normalised_is_audible_and_where_all_is_turned_down_it_is_not(prepared):
    down = Playback(target_lufs=-20.0)
    as_it_is, turned = serve(
        prepared, Limiter(ceiling_dbtp=-1.0), -18.0, [single(-16.0, playback=Playback()), single(-16.0, playback=down)], 9.0
    )  # fmt: skip
    assert as_it_is.louder_lu == pytest.approx(-2.0, abs=0.1)
    assert as_it_is.audible
    assert turned.louder_lu == pytest.approx(0.0, abs=0.01)
    assert turned.gain_db == pytest.approx(-2.0, abs=0.01)
    assert not turned.audible


def test_loud_where_it_is_turned_down_again_is_told_by_its_limiter(prepared):
    down = Playback(target_lufs=-16.0)
    (loud,) = serve(prepared, Limiter(ceiling_dbtp=-1.0), -6.0, [single(-16.0, playback=down)], 9.0)
    assert abs(loud.louder_lu) < 0.5
    assert loud.reduction_db > 1.0
    assert loud.differing_share > AUDIBLE_SHARE
    assert loud.audible
    assert loud.headroom_db == pytest.approx(10.0, abs=0.5)


@pytest.mark.parametrize(("one_lufs", "own_lufs"), [(-8.0, -14.0), (-14.0, -9.0)])
def test_what_is_foreseen_is_what_both_masters_are(one_lufs, own_lufs):
    audio = files.read(EXAMPLE).audio
    prepared, limiter = prepare(audio, audio.rate), Limiter(ceiling_dbtp=-1.0)
    (foreseen,) = serve(prepared, limiter, one_lufs, [single(own_lufs)], 9.0)
    one, own = (render(prepared, limiter, lufs) for lufs in (one_lufs, own_lufs))
    assert foreseen.louder_lu == pytest.approx(one.lufs - own.lufs, abs=0.05)
    taken = [each.gain_db + gain_to_db(each.trim) - each.lufs for each in (one, own)]
    assert foreseen.reduction_db == pytest.approx(taken[0] - taken[1], abs=FORESEEN_DB)
    levels = [_hop_levels_db(each.audio.samples * each.trim) for each in (one, own)]
    apart = levels[0] - levels[1] - (one.lufs - own.lufs)
    moments = np.abs(apart[: len(apart) // 10 * 10]).reshape(-1, 10).max(axis=1) >= 1.0
    assert foreseen.differing_share == pytest.approx(moments.mean(), abs=FORESEEN_SHARE)


def _hop_levels_db(samples):
    hops = samples[:, : samples.shape[1] // 441 * 441].reshape(2, -1, 441)
    return 10.0 * np.log10((hops.astype(float) ** 2).mean(axis=(0, 2)) + 1e-12)


def test_a_recipe_replays_the_same_file_and_statement(song, tmp_path):
    made = run(song, universal=("spotify", "melon"), save_recipe=True, out_dir=str(tmp_path / "a"))
    again = run(song, recipe=made.recipe_path, out_dir=str(tmp_path / "b"))
    assert again.deliveries[0].served == made.deliveries[0].served
    assert np.array_equal(read(made.deliveries[0].path)[0], read(again.deliveries[0].path)[0])


def test_the_command_tells_where_it_would_be_heard(song, tmp_path):
    done = masterify(
        "master", song, "--universal", "spotify,cd", "--loudness", "-14", "-o", tmp_path, "--dry-run"
    )
    assert done.code == 0, done.err
    assert "no difference  Spotify" in done.out
    assert "CD" in done.out
    assert "LU quieter" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_wrong_names_are_refused(song):
    with pytest.raises(SettingError, match="name the platforms it serves"):
        MasterRequest(source="x", universal=("universal",))
    with pytest.raises(SettingError, match="with a recipe"):
        MasterRequest(source="x", universal=("spotify",), recipe="y")
    with pytest.raises(UnknownNameError, match="napster"):
        run(song, universal=("napster",), dry_run=True)

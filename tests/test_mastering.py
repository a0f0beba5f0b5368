"""The one door: what a request makes, and that the same request makes the same bytes."""

import json

import pytest
import soundfile

from masterify_core import mastering
from masterify_core.errors import NotFoundError
from masterify_core.mastering import MasterRequest, output_paths
from tests import songs
from tests.songs import LIBRARY, files, run


@pytest.fixture(scope="module")
def mix():
    return songs.mix(44_100, 5.0)


@pytest.fixture
def song(tmp_path, mix):
    return songs.write(tmp_path / "노래.wav", mix)


def test_masters_go_beside_the_song_and_nothing_else_is_written(song, tmp_path):
    before = files(tmp_path)
    result = run(song)
    assert files(tmp_path).keys() == before.keys() | {"masters/노래 (Master - Universal).wav"}
    assert files(tmp_path)["노래.wav"] == before["노래.wav"]
    assert result.deliveries[0].path == str(tmp_path / "masters" / "노래 (Master - Universal).wav")


def test_the_same_request_gives_the_same_bytes(song, tmp_path):
    for folder in ("a", "b"):
        run(song, out_dir=str(tmp_path / folder), platforms=("spotify", "cd"), formats=("wav", "flac", "mp3"))
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert len(files(tmp_path / "a")) == 6


def test_a_saved_recipe_gives_the_same_bytes_again(song, tmp_path):
    wishes = {"platforms": ("spotify", "melon"), "intensity": 80.0, "loudness_lufs": -11.5}
    first = run(song, out_dir=str(tmp_path / "a"), save_recipe=True, **wishes)
    assert first.recipe_path == str(tmp_path / "a" / "노래 (Recipe).json")
    assert [step.stage for step in first.recipe.steps]
    second = run(song, out_dir=str(tmp_path / "b"), recipe=first.recipe_path)
    assert second.recipe == first.recipe
    made = files(tmp_path / "a")
    del made["노래 (Recipe).json"]
    assert files(tmp_path / "b") == made


def test_a_recipe_is_followed_where_it_was_edited(song, tmp_path):
    path = run(song, out_dir=str(tmp_path), save_recipe=True).recipe_path
    with open(path, encoding="utf-8") as file:
        table = json.load(file)
    table["steps"] = [{"stage": "repair", "settings": {"high_pass_hz": 30.0}, "reason": "by hand"}]
    table["deliveries"][0]["loudness_lufs"] = -18.0
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(table), encoding="utf-8")
    result = run(song, recipe=str(edited))
    assert [step.reason for step in result.recipe.steps] == ["by hand"]
    assert result.deliveries[0].levels.integrated_lufs == pytest.approx(-18.0, abs=0.05)


def test_several_platforms_each_get_their_own(song):
    result = run(song, platforms=("spotify", "apple_music", "spotify"))
    assert [each.platform for each in result.deliveries] == ["spotify", "apple_music"]
    for each in result.deliveries:
        platform = LIBRARY.platform(each.platform)
        assert each.title == platform.title
        assert each.target_lufs == platform.loudness_lufs
        assert each.levels.integrated_lufs == pytest.approx(platform.loudness_lufs, abs=0.05)


def test_a_platform_alone_gives_the_same_bytes_as_among_others(song, tmp_path):
    run(song, out_dir=str(tmp_path / "a"), platforms=("spotify", "cd", "melon"), loudness_lufs=-11.0)
    run(song, out_dir=str(tmp_path / "b"), platforms=("melon",), loudness_lufs=-11.0)
    (alone,) = files(tmp_path / "b").items()
    assert files(tmp_path / "a")[alone[0]] == alone[1]


def test_a_dry_run_writes_nothing_and_foresees_the_result(song, tmp_path):
    before = files(tmp_path)
    wishes = {"platforms": ("spotify", "cd"), "loudness_lufs": -10.0, "save_recipe": True}
    foreseen = run(song, dry_run=True, **wishes)
    assert files(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["노래.wav"]
    assert foreseen.recipe_path is None
    for early, late in zip(foreseen.deliveries, run(song, **wishes).deliveries, strict=True):
        assert early.path is None
        assert early.sha256 is None
        assert early.target_met == late.target_met
        assert early.levels.integrated_lufs == pytest.approx(late.levels.integrated_lufs, abs=0.05)
        assert early.levels.true_peak_dbtp == pytest.approx(late.levels.true_peak_dbtp, abs=0.05)


def test_progress_rises_to_the_end(song):
    said = []
    run(song, lambda step, share: said.append((step, share)), platforms=("spotify", "cd"))
    shares = [share for _, share in said]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert {"reading", "measuring", "processing", "rendering"} <= {step for step, _ in said}


def test_what_is_there_is_skipped_or_replaced_on_demand(song, tmp_path):
    first = run(song, platforms=("cd",))
    kept = tmp_path / "masters" / "노래 (Master - CD).wav"
    assert first.deliveries[0].path == str(kept)
    kept.write_bytes(b"mine")
    result = run(song, platforms=("spotify", "cd"), existing="skip")
    assert result.skipped == (str(kept),)
    assert [each.platform for each in result.deliveries] == ["spotify"]
    assert kept.read_bytes() == b"mine"
    run(song, platforms=("cd",), existing="overwrite")
    assert kept.read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{stem}", "노래.wav"),
        ("{genre} {platform_name} {ext}", "kpop spotify wav.wav"),
        ("{{{stem}}} – {platform}", "{노래} – Spotify.wav"),
        ("a.b", "a.b.wav"),
    ],
)
def test_names_follow_the_pattern(song, tmp_path, pattern, name):
    wishes = {"platforms": ("spotify",), "genre": "kpop", "name": pattern, "out_dir": str(tmp_path / "out")}
    run(song, **wishes)
    assert list(files(tmp_path / "out")) == [name]
    assert output_paths(MasterRequest(source=song, **wishes), LIBRARY) == (tmp_path / "out" / name,)


@pytest.mark.parametrize("rate", [8_000, 11_025, 192_000])
def test_unusual_rates_are_mastered_at_their_own_rate(tmp_path, rate):
    source = songs.write(tmp_path / "song.wav", songs.mix(rate, 2.0), rate)
    (delivery,) = run(source, formats=("wav", "mp3") if rate == 192_000 else ()).deliveries[:1]
    assert soundfile.info(delivery.path).samplerate == rate
    assert delivery.target_met


def test_the_result_is_plain_json(song):
    result = run(song, platforms=("spotify",))
    table = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert {"input", "recipe", "deliveries", "notes"} <= table.keys()
    assert table["input"] == song
    assert table["recipe"]["deliveries"][0]["platform"] == "spotify"


def test_the_command_line_and_the_door_give_the_same_bytes(song, tmp_path):
    from tests.cli import masterify

    wishes = ("--platforms", "spotify,cd", "--genre", "kpop", "--intensity", "70", "--loudness", "-10")
    ran = masterify("master", song, *wishes, "-o", tmp_path / "a", "-q")
    assert ran.code == 0, ran.err
    run(
        song,
        out_dir=str(tmp_path / "b"),
        platforms=("spotify", "cd"),
        genre="kpop",
        intensity=70.0,
        loudness_lufs=-10.0,
    )
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_work_that_platforms_share_is_done_once(song, monkeypatch):
    runs = []
    real = mastering.chain.run
    monkeypatch.setattr(mastering.chain, "run", lambda *rest: runs.append(rest) or real(*rest))
    run(song, platforms=("spotify", "cd", "melon"))
    assert len(runs) == 1


def test_a_song_that_is_not_there_is_told_before_references_are_read(song, tmp_path, monkeypatch):
    monkeypatch.setattr(mastering, "read_references", lambda paths: pytest.fail(f"{paths} were read"))
    with pytest.raises(NotFoundError, match=r"typo\.wav: does not exist"):
        run(tmp_path / "typo.wav", references=(str(song),))

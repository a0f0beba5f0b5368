"""Codec-proof masters: overs are found and taken out, loudness and ceiling still hold, and it is told truthfully."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from masterify_core import listeners, listening, proofing, rehearsing
from masterify_core.audio import Audio
from masterify_core.codecs import missing, round_trip
from masterify_core.metering.loudness import energies
from masterify_core.metering.peaks import true_peak
from masterify_core.preset_platform import Codec
from masterify_core.proofing import proof
from masterify_core.rehearsing import eased
from masterify_core.rendering import prepare, programme_lufs, render
from masterify_core.stages.limiter import Limiter
from masterify_core.units import gain_to_db
from tests import songs

RATE = 44_100
CEILING_DBTP, LOUD_LUFS = -1.0, -11.0
ALLOWED_DBTP = -0.8
MET_LU, PROMISED_PEAK_DB = 0.05, 0.02
VORBIS = Codec(name="vorbis", kbps=96.0)


@pytest.fixture(scope="module")
def prepared():
    return prepare(Audio(songs.mix(RATE, 8.0).T.astype(np.float32), RATE), RATE)


def hot(prepared):
    """A loud master, and the memory that it is in."""
    out = np.empty_like(prepared.audio.samples)
    return render(prepared, Limiter(ceiling_dbtp=CEILING_DBTP), LOUD_LUFS, out), out


def checked(prepared, check, codec=VORBIS):
    """The same master, made with an ear on a codec."""
    limiter = eased(prepared, Limiter(ceiling_dbtp=CEILING_DBTP), LOUD_LUFS, [codec], check)
    out = np.empty_like(prepared.audio.samples)
    return proof(render(prepared, limiter, LOUD_LUFS, out), out, CEILING_DBTP, [codec], check)


def decoded_dbtp(rendered, codec):
    samples = (rendered.audio.samples * np.float32(rendered.trim)).astype(np.float32)
    return gain_to_db(true_peak(round_trip(samples, RATE, codec.name, codec.kbps)))


def master_lufs(rendered):
    return programme_lufs(energies(rendered.audio.samples, RATE), gain_to_db(rendered.trim))


@pytest.fixture(scope="module")
def full(prepared):
    return decoded_dbtp(hot(prepared)[0], VORBIS), checked(prepared, "full")


def test_overs_of_the_decoded_song_are_taken_out(full):
    came_dbtp, after = full
    assert came_dbtp > 0.0  # else there is nothing to see
    assert decoded_dbtp(after, VORBIS) <= ALLOWED_DBTP
    (check,) = after.codecs
    assert check.overs_before > 0
    assert check.overs == 0
    assert check.checked == pytest.approx(1.0)
    assert check.true_peak_dbtp == pytest.approx(decoded_dbtp(after, VORBIS), abs=0.01)


def test_loudness_and_ceiling_hold_all_the_same(full):
    _, after = full
    assert after.mended
    assert master_lufs(after) == pytest.approx(LOUD_LUFS, abs=MET_LU)
    peak_dbtp = songs.true_peak_dbtp((after.trim * after.audio.samples.astype(np.float64)).T)
    assert peak_dbtp <= CEILING_DBTP + PROMISED_PEAK_DB


def test_dips_are_short_and_shallow(prepared, full):
    before, _ = hot(prepared)
    _, after = full
    change = after.audio.samples - before.audio.samples
    assert 10 * np.log10(np.mean(change**2) / np.mean(before.audio.samples**2)) < -15.0


def test_hot_looks_at_part_and_tells_how_much(prepared, monkeypatch):
    monkeypatch.setattr(proofing, "HOT_S", {"vorbis": 2.0})
    came_dbtp = decoded_dbtp(hot(prepared)[0], VORBIS)
    after = checked(prepared, "hot")
    (check,) = after.codecs
    assert check.checked == pytest.approx(2.0 / 8.0, abs=0.02)
    assert check.true_peak_dbtp <= 0.0
    assert check.overs <= check.overs_before
    assert (
        decoded_dbtp(after, VORBIS) < came_dbtp
    )  # of the whole song: what was not looked at is careful, too
    assert master_lufs(after) == pytest.approx(LOUD_LUFS, abs=MET_LU)


def test_the_same_song_is_mended_the_same(prepared):
    made = [checked(prepared, "hot") for _ in range(2)]
    np.testing.assert_array_equal(made[0].audio.samples, made[1].audio.samples)
    assert made[0].codecs == made[1].codecs


def test_a_quiet_master_is_left_as_it_is(prepared):
    out = np.empty_like(prepared.audio.samples)
    before = render(prepared, Limiter(ceiling_dbtp=CEILING_DBTP), -24.0, out)
    kept = out.copy()
    after = proof(before, out, CEILING_DBTP, [VORBIS], "hot")
    np.testing.assert_array_equal(out, kept)
    assert not after.mended
    assert after.codecs[0].overs_before == 0


def test_lossless_listeners_need_no_proof(prepared):
    before, out = hot(prepared)
    lossless = [Codec(name="flac"), Codec(name="alac"), Codec(name="pcm")]
    for codecs, check in ((lossless, "full"), ([VORBIS], "off")):
        after = proof(before, out, CEILING_DBTP, codecs, check)
        assert after.audio is before.audio
        assert after.codecs == ()


def test_hot_takes_the_riskiest_codec_of_two_kinds():
    spotify = [
        Codec(name=n, kbps=k) for n, k in (("vorbis", 320), ("vorbis", 96), ("aac", 256), ("aac", 128))
    ]
    if missing("aac"):
        pytest.skip(missing("aac"))
    used, told = listeners.chosen(spotify, "hot", ALLOWED_DBTP)
    assert list(map(str, used)) == ["AAC 128", "Vorbis 96"]
    assert not told
    assert len(listeners.chosen(spotify, "full", ALLOWED_DBTP)[0]) == 4


def test_without_pyav_aac_is_told_as_not_checked(prepared, monkeypatch):
    monkeypatch.setattr(listeners, "missing", lambda name: "needs the aac extra" if name == "aac" else "")
    before, out = hot(prepared)
    after = proof(before, out, CEILING_DBTP, [Codec(name="aac", kbps=128.0), VORBIS], "hot")
    heard, told = after.codecs
    assert (heard.codec, heard.note) == ("vorbis", "")
    assert (told.codec, told.true_peak_dbtp, told.note) == ("aac", None, "not checked: needs the aac extra")


def test_the_ceiling_is_eased_as_far_as_the_noise_of_the_codec_asks(prepared):
    limiter = Limiter(ceiling_dbtp=CEILING_DBTP)
    low, high = (
        eased(prepared, limiter, LOUD_LUFS, [Codec(name="vorbis", kbps=kbps)], "full")
        for kbps in (64.0, 192.0)
    )
    assert (
        CEILING_DBTP - rehearsing.MOST_EASED_DB["full"] <= low.ceiling_dbtp < high.ceiling_dbtp < CEILING_DBTP
    )
    assert replace(low, ceiling_dbtp=CEILING_DBTP) == limiter
    gentle = eased(prepared, limiter, LOUD_LUFS, [Codec(name="vorbis", kbps=64.0)], "hot")
    assert gentle.ceiling_dbtp == CEILING_DBTP - rehearsing.MOST_EASED_DB["hot"]


def test_easing_keeps_whole_songs_under_full_scale(prepared):
    limiter = Limiter(ceiling_dbtp=CEILING_DBTP)
    out = np.empty_like(prepared.audio.samples)
    after = render(prepared, eased(prepared, limiter, LOUD_LUFS, [VORBIS], "full"), LOUD_LUFS, out)
    assert decoded_dbtp(after, VORBIS) < decoded_dbtp(hot(prepared)[0], VORBIS) - 0.3
    assert master_lufs(after) == pytest.approx(LOUD_LUFS, abs=MET_LU)


def test_nothing_is_eased_without_need(prepared):
    limiter = Limiter(ceiling_dbtp=CEILING_DBTP)
    for wanted, codecs, check in (
        (-24.0, [VORBIS], "hot"),
        (LOUD_LUFS, [], "full"),
        (LOUD_LUFS, [VORBIS], "off"),
    ):
        assert eased(prepared, limiter, wanted, codecs, check) == limiter


def test_the_hottest_spans_are_found_in_order():
    x = np.full((2, 10 * RATE), 0.1, np.float32)
    for second in (7.2, 3.1):
        x[:, round(second * RATE)] = 0.9
    spans = listening.hot_spans(x, RATE, 1.0)
    assert len(spans) == 2
    assert all(begin <= round(s * RATE) < end for (begin, end), s in zip(spans, (3.1, 7.2), strict=True))


def test_spans_cover_a_song_without_gap():
    spans = listening.all_spans(100_000, RATE)
    assert spans[0][0] == 0
    assert spans[-1][1] == 100_000
    assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(spans))


def test_a_recipe_says_what_is_checked_and_replays_it(tmp_path):
    source = songs.write(tmp_path / "song.wav", songs.mix(RATE, 4.0), RATE)
    wishes = {"platforms": ("youtube",), "tier": "premium", "loudness_lufs": -9.0}
    first = songs.run(source, out_dir=str(tmp_path / "a"), save_recipe=True, **wishes)
    (order,) = first.recipe.deliveries
    assert order.codec_check == "hot"
    assert {codec.name for codec in order.codecs} == {"aac", "opus"}
    again = songs.run(source, out_dir=str(tmp_path / "b"), recipe=first.recipe_path)
    assert again.deliveries[0].sha256 == first.deliveries[0].sha256
    assert again.deliveries[0].codecs == first.deliveries[0].codecs
    said = json.loads(json.dumps(first.to_dict()))["deliveries"][0]
    assert said["target_met"]
    assert said["codecs"][-1]["allowed_dbtp"] == ALLOWED_DBTP
    unchecked = songs.run(source, out_dir=str(tmp_path / "c"), codec_check="off", **wishes)
    assert unchecked.deliveries[0].codecs == ()
    assert replace(unchecked.recipe.deliveries[0], codec_check="hot") == order

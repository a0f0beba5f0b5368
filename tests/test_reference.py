"""Following a reference: nothing to do is nothing done, what was taken away comes back, odd references are told."""

from pathlib import Path

import numpy as np
import pytest

from masterify_core import chain
from masterify_core.audio import Audio
from masterify_core.errors import SettingError, UnusableAudioError
from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ
from masterify_core.planning.matching import matched
from masterify_core.profile import profiled
from masterify_core.reference import Amounts, combined, read_references, reference_of
from masterify_core.request import MasterRequest
from masterify_core.short_time import CENTRES_HZ
from masterify_core.stages.stereo import Stereo
from masterify_core.stages.tone import Tone
from tests.signals import noise
from tests.songs import files, mix, run, write

RATE = 44_100
FULL = Amounts(tone=1.0, dynamics=1.0, width=1.0)
LEFT_SHARE = 0.35  # of the distance that may be left


@pytest.fixture(scope="module")
def song():
    return Audio(mix(RATE, 21.0).T, RATE)


@pytest.fixture(scope="module")
def measured(song):
    return profiled(song)


def treated(audio, found):
    """The song with what was worked out."""
    stages = [
        Tone(hz=THIRD_OCTAVES_HZ, db=tuple(found.tone_db)),
        Stereo(side_hz=CENTRES_HZ, side_db=tuple(found.side_db)),
        *([found.match] if found.match else []),
    ]
    return chain.run(audio, stages)


def far(audio, reference):
    """Distances as they are, not as foreseen."""
    return matched(profiled(audio), reference, Amounts(tone=0.0, dynamics=0.0, width=0.0)).before


def compressed(audio, db_over_db=0.3):
    """Levels above the median of every 50 ms brought closer to it."""
    hop = audio.rate // 20
    count = audio.frames // hop
    level = np.sqrt((audio.samples[:, : count * hop].reshape(2, count, hop) ** 2).mean(axis=(0, 2))) + 1e-6
    gain = (level / np.median(level)) ** (db_over_db - 1.0)
    at = np.arange(audio.frames)
    return Audio(audio.samples * np.interp(at, (np.arange(count) + 0.5) * hop, gain), audio.rate)


def test_a_song_is_not_moved_towards_itself(song, measured):
    found = matched(measured, reference_of(song, "self.wav"), FULL)
    assert max(found.before.tone_db, found.before.dynamics_db, found.before.width_db) < 1e-9
    assert np.abs(found.tone_db).max() < 1e-9
    assert np.abs(found.side_db).max() < 1e-9
    assert max(abs(db) for curve in found.match.bands for db in curve.gain_db) < 0.05


def test_a_louder_copy_is_the_same_reference(song, measured):
    found = matched(measured, reference_of(Audio(song.samples * 2.5, RATE), "loud.wav"), FULL)
    assert np.abs(found.tone_db).max() < 0.01
    assert np.abs(found.side_db).max() < 0.01


def test_a_filtered_copy_is_brought_back(song):
    dull = chain.run(song, [Tone(hz=(60.0, 250.0, 1000.0, 4000.0, 12_000.0), db=(4.0, 3.0, 0.0, -4.0, -7.0))])
    reference = reference_of(song, "clean.wav")
    before = far(dull, reference)
    after = far(treated(dull, matched(profiled(dull), reference, FULL)), reference)
    assert before.tone_db > 3.0
    assert after.tone_db < LEFT_SHARE * before.tone_db


def test_a_narrowed_copy_is_brought_back(song):
    narrow = chain.run(song, [Stereo(side_hz=(300.0, 3000.0), side_db=(-4.0, -8.0))])
    reference = reference_of(song, "clean.wav")
    before = far(narrow, reference)
    after = far(treated(narrow, matched(profiled(narrow), reference, FULL)), reference)
    assert before.width_db > 4.0
    assert after.width_db < LEFT_SHARE * before.width_db


def test_a_compressed_reference_is_followed_in_dynamics(song, measured):
    reference = reference_of(compressed(song), "dense.wav")
    before = far(song, reference)
    after = far(treated(song, matched(measured, reference, FULL)), reference)
    assert before.dynamics_db > 0.8
    assert after.dynamics_db < 0.6 * before.dynamics_db


def test_what_is_foreseen_happens(song, measured):
    other = Audio(mix(RATE, 10.0, seed=5).T[::-1] ** 3, RATE)
    reference = reference_of(other, "other.wav")
    found = matched(measured, reference, FULL)
    after = far(treated(song, found), reference)
    assert after.tone_db == pytest.approx(found.after.tone_db, abs=0.7)
    assert after.dynamics_db == pytest.approx(found.after.dynamics_db, abs=0.4)
    assert after.width_db == pytest.approx(found.after.width_db, abs=0.7)


@pytest.mark.parametrize("side", ["tone", "dynamics", "width"])
def test_what_has_no_amount_is_left_alone(song, measured, side):
    other = reference_of(Audio(mix(RATE, 8.0, seed=5).T[::-1] ** 3, RATE), "other.wav")
    found = matched(measured, other, Amounts(**{"tone": 1.0, "dynamics": 1.0, "width": 1.0, side: 0.0}))
    moved = {
        "tone": bool(found.tone_db.any()),
        "dynamics": found.match is not None,
        "width": bool(found.side_db.any()),
    }
    assert moved == {"tone": True, "dynamics": True, "width": True, side: False}


@pytest.mark.parametrize("amount", [0.3, 0.7, 1.0])
def test_bounds_hold_whatever_the_reference(measured, amount):
    hiss = noise(RATE, 4.0)
    bright = Audio(np.diff(hiss.samples, n=2, axis=1), RATE)  # 12 dB an octave more, and all side
    amounts = Amounts(tone=amount, dynamics=amount, width=amount)
    found = matched(measured, reference_of(bright, "hiss.wav"), amounts)
    assert found.tone_db.max() <= 16.0 * amount**2 + 1e-9
    assert found.tone_db.min() >= -24.0 * amount - 1e-9
    assert found.side_db.max() <= 15.0 * amount**3 + 1e-9
    gains = [db for curve in found.match.bands for db in curve.gain_db]
    assert max(map(abs, gains)) <= 8.0 * amount + 0.01


def test_curves_are_never_steeper_than_two_to_one_nor_expand_by_more_than_a_fifth(measured):
    other = reference_of(Audio(mix(RATE, 8.0, seed=5).T[::-1] ** 3, RATE), "other.wav")
    for curve in matched(measured, other, FULL).match.bands:
        level, gain = np.array(curve.level_dbfs), np.array(curve.gain_db)
        rise = np.diff(gain) + np.diff(level)
        wide = np.diff(level) > 0.2  # closer together, two decimals say nothing of a slope
        assert (rise[wide] >= 0.5 * np.diff(level)[wide] - 0.02).all()
        assert (rise[wide] <= 1.2 * np.diff(level)[wide] + 0.02).all()


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((2, 3 * RATE)), "it is silent"),
        (np.full((2, RATE // 2), 0.1), "it lasts 0.50 s"),
    ],
)
def test_what_cannot_be_followed_says_why(tmp_path, samples, message):
    path = write(tmp_path / "ref.wav", samples.T)
    with pytest.raises(UnusableAudioError, match=message) as found:
        read_references([path])
    assert str(found.value).startswith(path)


def test_a_mono_reference_leaves_width_alone(song, measured):
    mono = reference_of(Audio(song.samples.mean(axis=0, keepdims=True), RATE), "mono.wav")
    assert any("mono" in note for note in mono.notes)
    assert not matched(measured, mono, FULL).side_db.any()


def test_a_mono_song_can_follow_a_wide_one(song):
    mono = Audio(song.samples.mean(axis=0, keepdims=True), RATE)
    found = matched(profiled(mono), reference_of(song, "wide.wav"), FULL)
    assert not found.side_db.any()
    assert np.isfinite(treated(mono, found).samples).all()


def test_a_short_reference_is_followed_less(song, measured):
    dark = chain.run(song, [Tone(hz=(200.0, 5000.0), db=(0.0, -8.0))])
    long = matched(measured, reference_of(dark, "dark.wav"), FULL)
    brief = reference_of(Audio(dark.samples[:, : 3 * RATE], RATE), "brief.wav")
    assert any("only" in note and "followed less" in note for note in brief.notes)
    assert abs(matched(measured, brief, FULL).tone_db[24]) < abs(long.tone_db[24])


def test_what_a_lossy_reference_has_lost_is_not_taken_from_the_song(song, measured):
    spectrum = np.fft.rfft(song.samples.astype(float), axis=1)
    spectrum[:, np.fft.rfftfreq(song.frames, 1 / RATE) > 13_000.0] = 0.0
    lossy = reference_of(Audio(np.fft.irfft(spectrum, song.frames, axis=1), RATE), "lossy.mp3")
    assert any("nothing above 13.0 kHz" in note for note in lossy.notes)
    assert np.abs(matched(measured, lossy, FULL).tone_db).max() < 0.6


def test_a_voice_alone_is_noted_and_followed_half_as_far():
    rng = np.random.default_rng(3)
    n = np.arange(20 * RATE)
    syllables = np.repeat(rng.random(20 * 4) > 0.4, RATE // 4) * np.abs(np.sin(2 * np.pi * 2 * n / RATE))
    voice = sum(np.sin(2 * np.pi * 130 * k * n / RATE) / k**1.5 for k in range(1, 25))
    said = reference_of(Audio(np.tile(0.05 * voice * syllables, (2, 1)), RATE), "talk.wav")
    assert any("voice alone" in note for note in said.notes)
    assert said.dynamics_trust < 0.5


def test_music_is_not_taken_for_speech(song):
    assert reference_of(song, "song.wav").notes == ()


def test_two_references_meet_in_the_middle(song, measured):
    bright = chain.run(song, [Tone(hz=(200.0, 5000.0), db=(0.0, 6.0))])
    dark = chain.run(song, [Tone(hz=(200.0, 5000.0), db=(0.0, -6.0))])
    both = combined([reference_of(bright, "bright.wav"), reference_of(dark, "dark.wav")])
    assert both.name == "2 references"
    assert np.abs(matched(measured, both, FULL).tone_db).max() < 0.5
    one = combined([reference_of(bright, "bright.wav")])
    assert matched(measured, one, FULL).tone_db[25] > 2.5


def test_a_recipe_replays_to_the_same_bytes_without_the_reference(tmp_path):
    source, reference = tmp_path / "song.wav", tmp_path / "reference.wav"
    write(source, mix(RATE, 6.0))
    write(
        reference, np.clip(mix(RATE, 5.0, seed=9, peak=2.0), -0.9, 0.9) @ np.array([[1.0, 0.4], [0.4, 1.0]])
    )
    wishes = {"platforms": ("spotify",), "tier": "premium", "name": "master"}
    first = run(source, out_dir=str(tmp_path / "a"), references=(str(reference),), save_recipe=True, **wishes)
    assert {"tone", "match"} <= {step.stage for step in first.recipe.steps}
    reference.unlink()
    run(source, out_dir=str(tmp_path / "b"), recipe=first.recipe_path, **wishes)
    assert files(tmp_path / "a")["master.wav"] == files(tmp_path / "b")["master.wav"]
    assert "reference.wav" in Path(first.recipe_path).read_text(encoding="utf-8")


def test_loudness_follows_only_if_asked(tmp_path):
    source = write(tmp_path / "song.wav", mix(RATE, 6.0))
    reference = write(tmp_path / "loud.wav", mix(RATE, 6.0, peak=0.9))
    made = {}
    for amount in (0.0, 0.5, 1.0):
        result = run(
            source, out_dir=str(tmp_path), references=(reference,), platforms=("spotify",), dry_run=True,
            reference_amounts=Amounts(loudness=amount),
        )  # fmt: skip
        made[amount] = result.recipe.deliveries[0].loudness_lufs
    there = read_references([reference]).profile.integrated_lufs
    assert made[0.0] == -14.0
    assert made[1.0] == pytest.approx(there, abs=0.01)
    assert made[0.5] == pytest.approx((there - 14.0) / 2.0, abs=0.01)


def test_a_recipe_and_a_reference_exclude_each_other():
    with pytest.raises(SettingError, match="references cannot be given with a recipe"):
        MasterRequest(source="song.wav", recipe="r.json", references=("ref.wav",))

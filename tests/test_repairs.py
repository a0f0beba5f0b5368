"""Damage is found where it was done, repaired towards the clean song, and not found where there is none."""

import dataclasses

import numpy as np
import pytest

from masterify_core import chain, clicks, files
from masterify_core.audio import Audio
from masterify_core.metering.findings import find_damage
from masterify_core.metering.hiss import measure_hiss
from masterify_core.metering.report import measure
from masterify_core.planning import plan
from masterify_core.preset_sound import REPAIRS, STAGE_ORDER, StageName
from masterify_core.stages.edges import Edges
from masterify_core.stages.image import Image, SideBand
from tests.plans import LIBRARY, song
from tests.shared_audio import shared
from tests.signals import noise

RATE = 44_100


def notes(seconds=12.0, rate=RATE, seed=3):
    """Plucked notes with gaps between them, both channels alike but for the level; quiet enough not to look finished."""
    rng = np.random.default_rng(seed)
    n = np.arange(round(seconds * rate))
    row = np.zeros(len(n))
    for start in np.arange(0.05, seconds - 0.2, 0.4):
        t = (n - start * rate) / rate
        hz = 220.0 * 2.0 ** (rng.integers(0, 24) / 12.0)
        tone = sum(
            np.sin(2 * np.pi * hz * k * np.maximum(t, 0)) / k**2 for k in range(1, 6) if hz * k < rate / 2
        )
        row += np.where(t > 0, 0.08 * tone * np.minimum(t / 0.004, 1.0) * np.exp(-9.0 * t.clip(0)), 0.0)
    return Audio(np.stack([row, 0.8 * row]).astype(np.float32), rate)


def with_clicks(clean, count, seed=1):
    samples = clean.samples.copy()
    places = np.linspace(0.05, 0.95, count) * clean.frames
    for at, width in zip(places.astype(int), np.random.default_rng(seed).integers(1, 12, count), strict=True):
        samples[0, at : at + width] += 0.2
    return clean.with_samples(samples)


def with_hiss(clean, under_db, seed=1):
    rms = float(np.sqrt(np.mean(clean.samples**2)))
    noise = (
        np.random.default_rng(seed).standard_normal(clean.samples.shape) * rms * 10.0 ** (-under_db / 20.0)
    )
    return clean.with_samples((clean.samples + noise).astype(np.float32))


def opposed(clean, low_hz=240.0, high_hz=480.0, *, is_foreign=True):
    """The clean song with a side in one octave, 6 dB stronger than its mid: noise-like, or the mid itself turned in phase."""
    mid = clean.samples.mean(axis=0)
    spectrum, hz = np.fft.rfft(mid), np.fft.rfftfreq(clean.frames, 1.0 / clean.rate)
    turns = np.exp(2j * np.pi * np.random.default_rng(5).random(len(hz))) if is_foreign else 1j
    side = np.fft.irfft(np.where((hz >= low_hz) & (hz < high_hz), 2.0 * turns * spectrum, 0.0), clean.frames)
    side *= np.minimum(1.0, 20.0 * (1.0 - np.abs(np.linspace(-1.0, 1.0, clean.frames))))  # silent at the ends
    return clean.with_samples((clean.samples + np.stack([side, -side])).astype(np.float32))


def repairs(audio, findings=None, **changed):
    wishes = {
        "platforms": ("spotify",),
        "genre": "other",
        "ai_service": "other",
        "tier": "premium",
        "intensity": 50.0,
    }
    measured = measure(audio)
    found = find_damage(audio, measured.band_limit_hz) if findings is None else findings
    recipe = plan(measured, LIBRARY, findings=found, **{**wishes, **changed})
    return [step for step in recipe.steps if step.stage in REPAIRS], recipe


def distance(a, b):
    return float(np.sqrt(np.mean((a.samples - b.samples) ** 2)))


CLEAN = notes()
DAMAGE = {
    "declick": with_clicks(CLEAN, 20),
    "denoise": with_hiss(CLEAN, 45.0),
    "image": opposed(CLEAN),
    "edges": CLEAN.with_samples(CLEAN.samples[:, 3000 : 3000 + 8 * RATE]),
}


def test_an_undamaged_song_is_left_alone_and_every_repair_says_why():
    steps, recipe = repairs(CLEAN)
    assert not steps
    assert {each.stage for each in recipe.skipped} >= set(REPAIRS)
    assert all(each.reason for each in recipe.skipped)


@pytest.mark.parametrize("stage", DAMAGE)
def test_damage_is_found_as_what_it_is(stage):
    steps, _ = repairs(DAMAGE[stage])
    assert [step.stage for step in steps] == [stage]


@pytest.mark.parametrize(("stage", "share"), [("declick", 0.5), ("denoise", 0.85), ("image", 0.6)])
def test_a_repair_brings_the_song_closer_to_the_clean_one(stage, share):
    steps, _ = repairs(DAMAGE[stage])
    repaired = chain.run(DAMAGE[stage], [step.made() for step in steps])
    assert distance(repaired, CLEAN) < share * distance(DAMAGE[stage], CLEAN)


@pytest.mark.parametrize("stage", DAMAGE)
def test_nothing_is_repaired_at_intensity_0_nor_by_the_standard_tier(stage):
    assert not repairs(DAMAGE[stage], intensity=0.0)[0]
    assert not repairs(DAMAGE[stage], tier="standard")[0]


def test_what_was_not_looked_for_is_said():
    recipe = plan(
        song(),
        LIBRARY,
        platforms=("spotify",),
        genre="other",
        ai_service="suno",
        tier="premium",
        intensity=50.0,
    )
    assert {each.stage for each in recipe.skipped if each.reason == "not looked for"} == set(REPAIRS)


@pytest.mark.parametrize("service", LIBRARY.ai_services())
def test_a_source_makes_no_damage_where_none_was_measured(service):
    assert not repairs(CLEAN, ai_service=service)[0]


def test_a_source_lets_what_was_measured_count_sooner():
    found = dataclasses.replace(find_damage(CLEAN), clicks=10, clicks_per_minute=14.0)
    assert not repairs(CLEAN, found)[0]
    assert [step.stage for step in repairs(CLEAN, found, ai_service="suno")[0]] == ["declick"]


def test_what_is_turned_in_phase_is_told_and_left_to_the_mix():
    steps, recipe = repairs(opposed(CLEAN, is_foreign=False))
    assert not steps
    assert "only the mix" in next(each.reason for each in recipe.skipped if each.stage == "image")


def test_a_steady_texture_close_under_the_song_is_no_hiss():
    steps, recipe = repairs(with_hiss(CLEAN, 25.0))
    assert not steps
    assert "quiet enough" in next(each.reason for each in recipe.skipped if each.stage == "denoise")


def test_clicks_are_found_beside_small_outliers_of_the_music():
    rattling, every = CLEAN.samples.copy(), round(0.03 * RATE)
    rattling[:, ::every] += 0.001
    song_with_both = CLEAN.with_samples(rattling)
    assert clicks.find(with_clicks(song_with_both, 20).samples[0], RATE).shape[0] >= 15
    assert clicks.find(rattling[0], RATE).shape[0] < 0.01 * CLEAN.frames / every


def test_finished_songs_keep_their_hiss_and_their_image():
    for stage in ("denoise", "image"):
        loud = DAMAGE[stage].with_samples(
            DAMAGE[stage].samples * (0.98 / np.abs(DAMAGE[stage].samples).max())
        )
        finished = dataclasses.replace(measure(loud), integrated_lufs=-9.0, true_peak_dbtp=-0.5)
        recipe = plan(
            finished, LIBRARY, platforms=("spotify",), genre="other", ai_service="other", tier="premium", intensity=50.0,
            findings=find_damage(loud),
        )  # fmt: skip
        assert "finished" in next(each.reason for each in recipe.skipped if each.stage == stage)


def test_declick_leaves_all_but_the_clicks_bit_for_bit():
    damaged = DAMAGE["declick"]
    repaired = chain.run(damaged, [step.made() for step in repairs(damaged)[0]])
    changed = (repaired.samples != damaged.samples).sum()
    spans = clicks.find(damaged.samples[0], RATE)
    assert len(spans) >= 15
    assert 0 < changed <= (spans[:, 1] + 2 * clicks.PAD).sum()
    np.testing.assert_array_equal(repaired.samples[1], damaged.samples[1])


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000, 192_000])
def test_clicks_are_found_at_any_rate(rate):
    clean = notes(4.0, rate)
    places = (np.array([0.65, 1.45, 2.25, 3.05]) * rate).astype(int)
    samples = clean.samples.copy()
    samples[:, places] += 0.3
    assert not len(clicks.find(clean.samples[0], rate))
    found = clicks.find(samples[0], rate)[:, 0]
    assert len(found) >= 3
    assert set(found) <= set(places)


def test_denoise_turns_noise_down_by_its_floor_and_never_further():
    noise = Audio((0.01 * np.random.default_rng(4).standard_normal((1, 2 * RATE))).astype(np.float32), RATE)
    density = 20.0 * np.log10(0.01) - 10.0 * np.log10(RATE / 2.0)
    stage = chain.STAGES["denoise"](hz=(1000.0,), density_dbfs=(density + 10.0,), most_db=6.0)
    before, after = (np.abs(np.fft.rfft(each.samples[0])) ** 2 for each in (noise, chain.run(noise, [stage])))
    hz = np.fft.rfftfreq(noise.frames, 1.0 / RATE)
    high, low = hz > 2500.0, hz < 900.0
    assert 10.0 * np.log10(after[high].sum() / before[high].sum()) == pytest.approx(-6.0, abs=0.1)
    assert 10.0 * np.log10(after[low].sum() / before[low].sum()) == pytest.approx(0.0, abs=0.05)


def test_the_image_stage_lowers_the_side_of_its_band_only():
    stage = Image(bands=(SideBand(low_hz=200.0, high_hz=800.0, reduction_db=6.0),))
    mid, side = stage.magnitude(np.array([50.0, 400.0, 4000.0]))
    np.testing.assert_allclose(mid, 1.0)
    np.testing.assert_allclose(20.0 * np.log10(side), [0.0, -6.0, 0.0], atol=1e-9)


def test_fades_touch_the_ends_only():
    flat = Audio(np.ones((2, 4410), np.float32), RATE)
    faded = chain.run(flat, [Edges(fade_in_ms=1.0, fade_out_ms=10.0)]).samples
    assert faded[:, 0].max() == faded[:, -1].max() == 0.0
    assert (np.diff(faded[0, :44]) > 0).all()
    np.testing.assert_array_equal(faded[:, 44:-441], 1.0)


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 0)), np.zeros((1, 1)), np.ones((2, 1)), np.zeros((2, RATE))]
)
def test_silence_and_single_frames_have_nothing_to_find(samples):
    found = find_damage(Audio(samples.astype(np.float32), RATE))
    assert (found.clicks, found.hiss, found.phase) == (0, None, ())
    assert found.to_dict()["head_step_dbfs"] == (0.0 if samples.any() else None)


def test_tiers_may_name_every_stage_that_has_an_order():
    assert set(STAGE_ORDER) == set(StageName.__args__)
    assert set(REPAIRS) < set(STAGE_ORDER)


@pytest.mark.parametrize("path", ["songs/joshua_morin_on_the_run.ogg", "mix/caesium_unmastered_48k24.flac"])
def test_real_songs_have_no_damage_to_repair(path):
    whole = files.read(shared(path)).audio
    middle = whole.with_samples(whole.samples[:, 10 * whole.rate : 50 * whole.rate])
    assert {step.stage for step in repairs(middle, ai_service="suno")[0]} <= {
        "edges"
    }  # an excerpt begins and ends anywhere


def test_a_stem_that_is_silent_for_most_of_the_time_is_looked_at_all_the_same():
    alone = noise(44_100, 4.0, level=0.01)
    mostly_silent = np.zeros((2, 50 * 44_100), np.float32)
    mostly_silent[:, : alone.frames] = alone.samples
    found = measure_hiss(Audio(mostly_silent, 44_100))
    assert found.under_song_db == pytest.approx(measure_hiss(alone).under_song_db, abs=0.3)
    assert found.flatness_db == pytest.approx(measure_hiss(alone).flatness_db, abs=0.3)

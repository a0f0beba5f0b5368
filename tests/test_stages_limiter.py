"""The limiter: its promise for every legal setting, what it leaves alone, and how clean it stays."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core import peak_reduction
from masterify_core.audio import Audio
from masterify_core.metering.loudness import energies
from masterify_core.peak_reduction import GROUP, dip, envelope
from masterify_core.stages.limiter import Limiter, estimated, limit, moments
from masterify_core.units import db_to_gain, gain_to_db
from tests.signals import noise, tone
from tests.strategies import settings_of

RATE = 48_000
OVERSHOOT_DB = 0.05  # of a four times interpolated peak: the gain moves between the samples it is read from
PUSH_DB = 3.0
DEFAULT = Limiter(ceiling_dbtp=-1.0)
HIGH = Limiter(ceiling_dbtp=-1.0, quality="high")
NO_CLIPPER = Limiter(ceiling_dbtp=-1.0, clip_depth_db=0.0)
CLIPPER_ONLY = Limiter(ceiling_dbtp=-1.0, sustained_over_db=12.0, clip_depth_db=12.0)


def beats(rate=RATE, seconds=2.0, channels=2, seed=11):
    """Noise bursts that decay, clicks, a bass under them, and some silence: true peak about 1."""
    rng = np.random.default_rng(seed)
    n = np.arange(round(rate * seconds))
    decay = np.exp(-(n % (rate // 4)) / (0.03 * rate)) * (n // (rate // 4) % 4 != 3)
    x = 0.25 * decay * rng.normal(size=(channels, len(n))) + 0.3 * np.sin(2 * np.pi * 55.0 * n / rate)
    x[:, 777 :: rate // 3] += rng.choice([-0.5, 0.5], x[:, 777 :: rate // 3].shape)
    x[:, len(n) // 2 : len(n) // 2 + rate // 10] = 0.0
    return Audio((x / np.abs(x).max()).astype(np.float32), rate)


SONGS = [
    beats(),
    beats(8_000, 1.0, channels=1),
    beats(96_000, 0.3),
    noise(44_100, 0.5, level=0.3),
    noise(RATE, 0.0005),
]
ENVELOPES = [envelope(song) for song in SONGS]


def limited(song, gain_db, limiter=DEFAULT):
    return limit(limiter, song, envelope(song), db_to_gain(gain_db))


def over_db(result, limiter, rate):
    return gain_to_db(envelope(Audio(result.samples, rate)).peak) - limiter.ceiling_dbtp


@settings(deadline=None, max_examples=80)
@given(limiter=settings_of(Limiter), gain_db=st.floats(-20.0, 24.0), which=st.integers(0, len(SONGS) - 1))
def test_every_peak_stays_under_the_ceiling_before_any_net(limiter, gain_db, which):
    song = SONGS[which]
    result = limit(limiter, song, ENVELOPES[which], db_to_gain(gain_db))
    assert result.samples.shape == song.samples.shape
    assert np.isfinite(result.samples).all()
    assert over_db(result, limiter, song.rate) <= OVERSHOOT_DB


@settings(deadline=None, max_examples=60)
@given(limiter=settings_of(Limiter, clip_depth_db=st.just(0.0)), gain_db=st.floats(-20.0, 24.0))
def test_a_reduction_never_amplifies_nor_turns_polarity(limiter, gain_db):
    song, gain = SONGS[0], np.float32(db_to_gain(gain_db))
    ratio = limit(limiter, song, ENVELOPES[0], float(gain)).samples[song.samples != 0.0] / (
        gain * song.samples[song.samples != 0.0]
    )
    assert ratio.min() > 0.0
    assert ratio.max() <= 1.0 + 1e-6


@pytest.mark.parametrize(
    "limiter", [DEFAULT, HIGH, NO_CLIPPER, CLIPPER_ONLY], ids=["usual", "high", "no clipper", "clipper"]
)
def test_what_is_under_the_ceiling_is_only_multiplied(limiter):
    song = beats()
    result = limited(song, -1.0 - gain_to_db(envelope(song).peak) - 0.001, limiter)
    np.testing.assert_array_equal(
        result.samples, song.samples * np.float32(db_to_gain(-1.0 - gain_to_db(envelope(song).peak) - 0.001))
    )
    assert (result.sustained_db, result.peak_db, result.final_db, result.mean_db, result.clipped) == (0,) * 5


@pytest.mark.parametrize("limiter", [DEFAULT, HIGH], ids=["usual", "high"])
@pytest.mark.parametrize("gain_db", [3.0, 9.0])
def test_a_song_twice_as_loud_with_half_the_gain_is_the_same(gain_db, limiter):
    song = beats()
    twice = Audio(2.0 * song.samples, RATE)
    np.testing.assert_array_equal(
        limited(song, gain_db, limiter).samples,
        limit(limiter, twice, envelope(twice), db_to_gain(gain_db) / 2.0).samples,
    )


def test_high_quality_says_the_same_each_time():
    song = beats()
    np.testing.assert_array_equal(limited(song, 9.0, HIGH).samples, limited(song, 9.0, HIGH).samples)


def test_polarity_and_channel_swap_pass_through():
    song = beats()
    answer = limited(song, 9.0).samples
    np.testing.assert_array_equal(limited(Audio(-song.samples, RATE), 9.0).samples, -answer)
    np.testing.assert_array_equal(limited(Audio(song.samples[::-1], RATE), 9.0).samples, answer[::-1])


def test_two_equal_channels_are_limited_as_one():
    mono = beats(channels=1)
    both = Audio(np.tile(mono.samples, (2, 1)), RATE)
    np.testing.assert_array_equal(limited(both, 9.0).samples[1], limited(mono, 9.0).samples[0])


def test_linked_channels_keep_the_image():
    song = beats()
    lopsided = Audio(song.samples[:1] * np.array([[1.0], [0.25]], np.float32), RATE)
    answer = limited(lopsided, 9.0, NO_CLIPPER).samples
    np.testing.assert_allclose(answer[1], 0.25 * answer[0], atol=1e-6)


@pytest.mark.parametrize("limiter", [DEFAULT, HIGH, NO_CLIPPER], ids=["usual", "high", "no clipper"])
def test_a_ceiling_lower_by_one_db_is_a_song_quieter_by_one_db(limiter):
    song = beats()
    lower = dataclasses.replace(limiter, ceiling_dbtp=limiter.ceiling_dbtp - 1.0)
    quieter = limited(song, 8.0, lower).samples * db_to_gain(1.0)
    np.testing.assert_allclose(quieter, limited(song, 9.0, limiter).samples, atol=2e-5)


def test_silence_and_single_frames_survive():
    for samples in (np.zeros((2, 100)), np.ones((1, 1)), np.zeros((2, 1))):
        song = Audio(samples.astype(np.float32), RATE)
        for limiter in (DEFAULT, HIGH):
            answer = limited(song, 6.0, limiter)
            assert answer.samples.shape == samples.shape
            assert np.abs(answer.samples).max() <= db_to_gain(-1.0) * (1 + 1e-6)


def test_a_short_peak_leaves_the_rest_of_the_song_alone():
    song = tone(RATE, [(-20.0, 2.0)], 440.0)
    samples = song.samples.copy()
    samples[:, RATE] = 1.5
    answer = limited(Audio(samples, RATE), 0.0).samples
    far = np.abs(np.arange(song.frames) - RATE) > 0.1 * RATE
    np.testing.assert_allclose(answer[:, far], song.samples[:, far], rtol=0.02)  # 0.2 dB


def foreseen_db(song, limiter, gains_db):
    energy = energies(song.samples, song.rate).energy
    told = moments(envelope(song), energy)
    return [
        10 * np.log10(estimated(limiter, told, db_to_gain(gain_db)).sum() / energy.sum())
        for gain_db in gains_db
    ]


def test_the_estimate_is_exact_where_nothing_is_limited():
    assert foreseen_db(beats(), DEFAULT, [-20.0, -2.0]) == pytest.approx([-20.0, -2.0], abs=1e-4)


@pytest.mark.parametrize("song", SONGS[:4], ids=["beats", "8 kHz", "96 kHz", "noise"])
def test_the_estimate_rises_with_the_gain_but_less_and_less(song):
    rise = np.diff(foreseen_db(song, DEFAULT, np.arange(0.0, 20.0, 2.0)))
    assert rise.min() > 0.0
    assert rise.max() <= 2.0 + 1e-6


def test_dips_bring_single_overs_down_and_nothing_else():
    ceiling = db_to_gain(-1.0)
    overs = np.zeros(4800, np.float32)
    overs[[0, 1234, 4799]] = 1.0, 1.2, 0.95
    x = np.full((2, 4800), 0.5, np.float32)
    x[:] = np.where(overs > 0.0, overs, x)
    dip(x, overs.reshape(-1, GROUP).max(axis=1), ceiling, RATE)
    assert np.abs(x).max() <= ceiling * (1 + 1e-6)
    far = np.min([np.abs(np.arange(4800) - at) for at in (0, 1234, 4799)], axis=0) > 0.003 * RATE
    assert (x[:, far] == 0.5).all()


def two_seconds(song, limiter, push_db):
    """The last two of four seconds, limited with so much gain over the ceiling."""
    peak_db = gain_to_db(envelope(song).peak)
    samples = limited(song, limiter.ceiling_dbtp + push_db - peak_db, limiter).samples
    return samples[0, -2 * song.rate :].astype(np.float64)


def thd_and_noise_db(x, hz, rate):
    n = np.arange(len(x))
    basis = np.stack([np.sin(2 * np.pi * hz * n / rate), np.cos(2 * np.pi * hz * n / rate)], axis=1)
    pure = basis @ np.linalg.lstsq(basis, x, rcond=None)[0]
    return 10.0 * np.log10(np.sum((x - pure) ** 2) / np.sum(pure**2))


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("limiter", [DEFAULT, HIGH], ids=["usual", "high"])
@pytest.mark.parametrize(("hz", "bar_db"), [(50.0, -40.0), (60.0, -38.0), (1000.0, -60.0)])
def test_a_steady_tone_pushed_over_the_ceiling_stays_clean(hz, bar_db, limiter, rate):
    song = tone(rate, [(-6.0, 4.0)], hz)
    assert thd_and_noise_db(two_seconds(song, limiter, PUSH_DB), hz, rate) <= bar_db


def test_a_tone_under_the_ceiling_is_as_clean_as_float32():
    song = tone(RATE, [(-6.0, 4.0)], 997.0)
    assert thd_and_noise_db(two_seconds(song, DEFAULT, -1.0), 997.0, RATE) <= -120.0


def power_around(x, rate, hz, width_hz):
    spectrum = np.abs(np.fft.rfft(x * np.blackman(len(x)))) ** 2
    bins = np.fft.rfftfreq(len(x), 1.0 / rate)
    return spectrum[np.abs(bins - hz) <= width_hz].sum()


@pytest.mark.parametrize("limiter", [DEFAULT, HIGH], ids=["usual", "high"])
def test_bass_does_not_modulate_treble(limiter):
    """SMPTE: 60 Hz and 7 kHz, 4:1; sidebands over the 7 kHz."""
    low, high = tone(RATE, [(-8.0, 4.0)], 60.0), tone(RATE, [(-20.04, 4.0)], 7000.0)
    x = two_seconds(Audio(low.samples + high.samples, RATE), limiter, PUSH_DB)
    carrier = power_around(x, RATE, 7000.0, 5.0)
    sidebands = power_around(x, RATE, 7000.0, 900.0) - carrier
    assert 10 * np.log10(sidebands / carrier) <= -38.0


@pytest.mark.parametrize(
    ("limiter", "rate"),
    [(CLIPPER_ONLY, 44_100), (CLIPPER_ONLY, 48_000), (CLIPPER_ONLY, 96_000), (HIGH, 48_000)],
)
def test_the_clipper_does_not_alias(limiter, rate):
    """A 5 kHz tone clipped by 6 dB: what is audible and no harmonic."""
    song = tone(rate, [(-6.0, 4.0)], 5003.0)
    x = two_seconds(song, limiter, 6.0)
    harmonics = sum(power_around(x, rate, k * 5003.0, 5.0) for k in range(1, 5) if k * 5003.0 < rate / 2)
    alias = power_around(x, rate, 10_000.0, 10_000.0) - sum(
        power_around(x, rate, k * 5003.0, 5.0) for k in range(1, 4)
    )
    assert 10 * np.log10(alias / harmonics) <= -55.0


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_reduction_over_time_is_what_the_samples_lost(rate):
    song = noise(rate, 0.95, level=0.3)
    result = limited(song, 6.0, NO_CLIPPER)
    loud = np.abs(song.samples) > 0.05
    lost_db = np.where(
        loud, -20.0 * np.log10(np.where(loud, result.samples / (song.samples * db_to_gain(6.0)), 1.0)), 0.0
    )
    edges = np.arange(0, song.frames, rate // 10)
    deepest = np.maximum.reduceat(lost_db.max(axis=0), edges)
    assert len(result.reduction_db) == len(deepest) == 10
    assert (
        np.abs(np.array(result.reduction_db) - deepest).max() < 0.3
    )  # a control point stands for eight frames
    assert deepest.max() > 1.0
    assert limited(song, -20.0, NO_CLIPPER).reduction_db == ()


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
@pytest.mark.parametrize("hz", [60.0, 997.0])
def test_all_of_a_steady_tone_counts_as_sustained(hz, rate):
    n = np.arange(3 * rate)
    env = envelope(Audio((0.5 * np.sin(2 * np.pi * hz * n / rate))[None].astype(np.float32), rate))
    middle = env.sustained[len(env.sustained) // 4 : 3 * len(env.sustained) // 4]
    assert gain_to_db(float(middle.min())) == pytest.approx(gain_to_db(0.5), abs=0.1)


def sustained_db(x):
    """What counts as sustained, dB, without the ends."""
    levels = envelope(Audio(x[None].astype(np.float32), RATE)).sustained
    return 20.0 * np.log10(levels[len(levels) // 4 : 3 * len(levels) // 4])


def test_a_tone_that_swells_slowly_counts_nearly_whole():
    n = np.arange(8 * RATE)
    swell_db = -1.5 * (1.0 + np.sin(2 * np.pi * 0.5 * n / RATE))
    told = sustained_db(10.0 ** (swell_db / 20.0) * np.sin(2 * np.pi * 60.0 * n / RATE))
    hops = swell_db[::128]
    assert (told - hops[len(hops) // 4 : 3 * len(hops) // 4][: len(told)]).min() > -1.6


def test_dense_peaks_have_leeway_and_it_is_bounded(monkeypatch):
    rng = np.random.default_rng(5)
    dense = noise(RATE, 3.0).samples[0] * np.repeat(rng.uniform(0.3, 1.0, 300), RATE // 100)
    told = sustained_db(dense)
    monkeypatch.setattr(peak_reduction, "MOST_LEEWAY_DB", 0.0)
    leeway_db = sustained_db(dense) - told
    assert leeway_db.min() >= -1e-3
    assert np.median(leeway_db) > 1.0
    assert leeway_db.max() <= 1.5 + 1e-3


def test_silence_is_not_sustained():
    assert not envelope(Audio(np.zeros((2, RATE), np.float32), RATE)).sustained.any()

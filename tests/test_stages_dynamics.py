"""The compressor against tones and noise whose answer is known."""

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.errors import SettingError
from masterify_core.stages.dynamics import KNEE_DB, Band, Dynamics, boxes
from tests.signals import noise, tone

RATE = 48_000
CROSSOVERS_HZ = (148.0, 795.0, 2550.0, 7314.0)
STILL = {"threshold_dbfs": 0.0, "ratio": 1.0, "cap_db": 0.0}
MEAN_SQUARE_DB = -3.0103  # of a tone, under its peak
AUTO = {"attack_ms": 80.0, "release_ms": 1000.0, "crest_ms": 200.0}


def level_db(x):
    return 10.0 * np.log10(np.mean(np.square(x, dtype=np.float64)))


def settled(audio):
    return audio.samples[:, audio.frames // 4 : 3 * audio.frames // 4].astype(np.float64)


def two_levels(low_db, high_db, hz, seconds=4.0):
    """A tone at each of two levels, and what the second is turned down by beside the first."""
    return tone(RATE, [(low_db, seconds), (high_db, seconds)], hz)


def difference_db(audio):
    third = audio.frames // 3  # away from the jump, which zero-phase bands smear over some milliseconds
    return level_db(audio.samples[:, 2 * third :]) - level_db(audio.samples[:, :third])


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("hz", [40.0, 148.0, 795.0, 2550.0])
def test_a_crossover_is_where_the_lower_band_is_half(rate, hz):
    if hz > rate / 6.0:
        pytest.skip("no crossover that high")
    f = np.linspace(1.0, rate / 2.0, 100_000)
    gain = np.prod(
        [np.sin(w * np.pi * f / rate) / (w * np.sin(np.pi * f / rate)) for w in boxes(hz, rate)], axis=0
    )
    assert f[np.argmax(gain < 0.5)] == pytest.approx(hz, rel=0.07)
    assert np.interp(2.0 * hz, f, gain) < 10 ** (-24.0 / 20.0)
    assert 1.0 - np.interp(0.5 * hz, f, gain) < 10 ** (-15.0 / 20.0)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_bands_that_do_nothing_are_the_sound_itself(rate, count):
    song = noise(rate, 0.5)
    stage = Dynamics(crossovers_hz=CROSSOVERS_HZ[: count - 1], bands=(Band(**STILL),) * count)
    np.testing.assert_array_equal(stage(song).samples, song.samples)


def test_bands_that_are_all_turned_down_alike_keep_the_balance_and_the_energy():
    song = noise(RATE, 4.0)
    band = Band(threshold_dbfs=-90.0, ratio=4.0, cap_db=6.0, attack_ms=1.0)
    answer = Dynamics(crossovers_hz=CROSSOVERS_HZ, bands=(band,) * 5)(song)
    np.testing.assert_allclose(settled(answer), settled(song), atol=1e-3)


def static_curve_db(level, threshold_db, ratio, cap_db):
    over = level - threshold_db
    if over <= -KNEE_DB / 2:
        return 0.0
    bent = (over + KNEE_DB / 2) ** 2 / (2 * KNEE_DB) if over < KNEE_DB / 2 else over
    return -min((1 - 1 / ratio) * bent, cap_db)


@pytest.mark.parametrize("over_db", [-10.0, -2.0, 0.0, 1.5, 3.0, 6.0, 20.0])
@pytest.mark.parametrize("ratio", [1.5, 4.0])
@pytest.mark.parametrize("times", [{}, AUTO], ids=["fixed", "crest"])
def test_steady_tones_follow_the_static_curve(over_db, ratio, times):
    band = Band(threshold_dbfs=-30.0, ratio=ratio, cap_db=5.0, window_ms=50.0, **times)
    song = two_levels(-50.0 - MEAN_SQUARE_DB, -30.0 + over_db - MEAN_SQUARE_DB, 600.0)
    expected_db = static_curve_db(-30.0 + over_db, -30.0, ratio, 5.0)
    answer = Dynamics(bands=(band,))(song)
    assert difference_db(answer) - difference_db(song) == pytest.approx(expected_db, abs=0.1)


def test_each_band_keeps_its_energy():
    """The make-up is measured: a tone in each of two bands, one of them compressed, stays as loud on average."""
    bass, treble = two_levels(-40.0, -20.0, 60.0), two_levels(-20.0, -40.0, 3000.0)
    song = Audio(bass.samples + treble.samples, RATE)
    still, loud = Band(**STILL), Band(threshold_dbfs=-45.0, ratio=4.0, cap_db=6.0)
    answer = Dynamics(crossovers_hz=(148.0, 795.0), bands=(loud, still, still))(song)
    spectrum = np.abs(np.fft.rfft(answer.samples[0])) ** 2 / np.abs(np.fft.rfft(song.samples[0])).max() ** 2
    before = np.abs(np.fft.rfft(song.samples[0])) ** 2 / np.abs(np.fft.rfft(song.samples[0])).max() ** 2
    edge = round(700.0 * answer.frames / RATE)
    for part in (slice(0, edge), slice(edge, None)):
        assert 10.0 * np.log10(spectrum[part].sum() / before[part].sum()) == pytest.approx(0.0, abs=0.02)


def test_only_the_band_that_exceeds_its_threshold_is_turned_down():
    quiet, loud = (Band(threshold_dbfs=level, ratio=2.0, cap_db=6.0) for level in (0.0, -60.0))
    stage = Dynamics(crossovers_hz=(148.0, 2550.0), bands=(quiet, loud, quiet))
    moved = []
    for hz in (40.0, 600.0, 12_000.0):
        song = two_levels(-70.0, -20.0, hz)
        moved.append(difference_db(stage(song)) - difference_db(song))
    assert moved[1] < -5.0
    assert min(moved[0], moved[2]) > -0.5


def test_short_peaks_recover_sooner_when_times_follow_the_crest():
    """Half a second after a burst of 20 ms, one that knows it was short has let go."""
    n = np.arange(2 * RATE)
    burst = np.where((n >= RATE) & (n < RATE + 960), 0.5, 0.01) * np.sin(2 * np.pi * 600.0 * n / RATE)
    song = Audio(np.stack([burst, burst]).astype(np.float32), RATE)
    late, early = slice(round(1.2 * RATE), round(1.3 * RATE)), slice(RATE // 2, RATE * 9 // 10)
    lost = []
    for times in (AUTO, {**AUTO, "crest_ms": 0.0}):
        answer = Dynamics(bands=(Band(threshold_dbfs=-30.0, ratio=4.0, cap_db=6.0, **times),))(song)
        lost.append(level_db(answer.samples[:, early]) - level_db(answer.samples[:, late]))
    assert 0.0 <= lost[0] < 0.5 * lost[1]


def test_both_channels_get_the_same_gain():
    song = noise(RATE, 1.0)
    lopsided = Audio(song.samples[:1] * np.array([[1.0], [0.1]], np.float32), RATE)
    band = Band(threshold_dbfs=-40.0, ratio=4.0, cap_db=6.0)
    answer = Dynamics(crossovers_hz=CROSSOVERS_HZ, bands=(band,) * 5)(lopsided).samples
    np.testing.assert_allclose(answer[1], 0.1 * answer[0], atol=1e-6)


@pytest.mark.parametrize(
    ("crossovers", "count", "message"),
    [((), 3, "one less than bands"), ((200.0,), 3, "one less than bands"), ((2500.0, 150.0), 3, "must rise")],
)
def test_bands_and_crossovers_fit_together(crossovers, count, message):
    with pytest.raises(SettingError, match=message):
        Dynamics(crossovers_hz=crossovers, bands=(Band(**STILL),) * count)

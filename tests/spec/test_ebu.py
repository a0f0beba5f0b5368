"""Every case of EBU Tech 3341 and 3342 that can be synthesised, and the tests of ITU-R BS.2217."""

import math

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.metering import loudness
from masterify_core.metering.peaks import find_peaks
from masterify_core.metering.report import measure_levels
from masterify_core.metering.weighting import k_weighting
from tests.signals import faded_tone, hidden_peak, tone

LOUDNESS_LU = 0.1  # EBU Tech 3341, table 1
RANGE_LU = 1.0  # EBU Tech 3342, table 1
TRUE_PEAK_DB = (-0.4, 0.2)  # EBU Tech 3341, table 1
REFERENCE_LU = 0.03  # libebur128 on the real files, whose levels over time differ by up to 0.04 dB
RATE_LU = 0.01  # our own bar: the same sound reads the same at every rate
RATES = (48_000, 44_100)
ALL_RATES = (32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)


def hops(rate, parts, **kind):
    return loudness.hop_energies(tone(rate, parts, **kind))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("case", "level"), [("3341-1", -23.0), ("3341-2", -33.0)])
def test_3341_1_and_2_steady_tone(case, level, rate):
    found = hops(rate, [(level, 20)])
    for reading in (loudness.integrated_lufs, loudness.momentary_max_lufs, loudness.short_term_max_lufs):
        assert reading(found) == pytest.approx(level, abs=LOUDNESS_LU)


INTEGRATED = {
    "3341-3": ([(-36, 10), (-23, 60), (-36, 10)], -22.9959),
    "3341-4": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0359),
    "3341-5": ([(-26, 20), (-20, 20.1), (-26, 20)], -22.9500),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", INTEGRATED)
def test_3341_3_to_5_gates(case, rate):
    parts, reference = INTEGRATED[case]
    found = loudness.integrated_lufs(hops(rate, parts))
    assert found == pytest.approx(-23.0, abs=LOUDNESS_LU)
    assert found == pytest.approx(reference, abs=REFERENCE_LU)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    "levels", [(-28, -28, -24, -30, -30), (-28, -28, -24, None, -30, -30)], ids=["5.0", "5.1"]
)
def test_3341_6_surround(levels, rate):
    rows = [tone(rate, [(level, 20)], channels=1).samples for level in levels]
    found = loudness.energies(np.concatenate(rows), rate)
    assert loudness.integrated_lufs(found) == pytest.approx(-23.0, abs=LOUDNESS_LU)


@pytest.mark.parametrize("rate", RATES)
def test_3341_9_short_term_is_constant(rate):
    found = loudness.short_term_lufs(hops(rate, [(-20, 1.34), (-30, 1.66)] * 5))
    assert found == pytest.approx(np.full(len(found), -23.0), abs=LOUDNESS_LU)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("i", range(1, 21))
def test_3341_10_short_term_maximum_wherever_it_begins(i, rate):
    found = hops(rate, [(None, (i - 1) * 0.15), (-23, 3), (None, 1)])
    assert loudness.short_term_max_lufs(found) == pytest.approx(-23.0, abs=LOUDNESS_LU)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("case", "readings", "length", "shift", "segment"),
    [
        ("3341-11", loudness.short_term_lufs, 3.0, 0.15, 6.0),
        ("3341-14", loudness.momentary_lufs, 0.4, 0.02, 0.8),
    ],
)
def test_3341_11_and_14_maximum_after_each_segment(case, readings, length, shift, segment, rate):
    parts = [
        part
        for i in range(20)
        for part in ((None, i * shift), (-38 + i, length), (None, segment - length - i * shift))
    ]
    levels = readings(hops(rate, parts))
    for i in range(20):
        stop = round(100 * (segment * (i + 1) - length)) + 1  # windows that end in segments 0 to i
        assert levels[:stop].max() == pytest.approx(-38 + i, abs=LOUDNESS_LU)


@pytest.mark.parametrize("rate", RATES)
def test_3341_12_momentary_is_constant(rate):
    found = loudness.momentary_lufs(hops(rate, [(-20, 0.18), (-30, 0.22)] * 25))
    assert found[60:] == pytest.approx(np.full(len(found) - 60, -23.0), abs=LOUDNESS_LU)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("i", range(1, 21))
def test_3341_13_momentary_maximum_wherever_it_begins(i, rate):
    found = hops(rate, [(None, (i - 1) * 0.02), (-23, 0.4), (None, 1)])
    assert loudness.momentary_max_lufs(found) == pytest.approx(-23.0, abs=LOUDNESS_LU)


def is_true_peak(audio, expected_dbtp):
    peaks = find_peaks(audio.samples, audio.rate)
    return all(
        TRUE_PEAK_DB[0]
        <= found - expected_dbtp
        <= TRUE_PEAK_DB[1] + 0.02  # the printed filter reads .215 over
        for found in (peaks.true_dbtp, peaks.bs1770_dbtp)
    )


PEAK_TONES = {
    "3341-15": (4, 0.50, 0.0, -6.0),
    "3341-16": (4, 0.50, 45.0, -6.0),
    "3341-17": (6, 0.50, 60.0, -6.0),
    "3341-18": (8, 0.50, 67.5, -6.0),
    "3341-19": (4, 1.41, 45.0, 3.0),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", PEAK_TONES)
def test_3341_15_to_19_true_peak_of_tones(case, rate):
    divisor, amplitude, degrees, expected = PEAK_TONES[case]
    assert is_true_peak(faded_tone(rate, divisor, amplitude, degrees), expected)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("offset", "sample_peak"), list(enumerate((0.985, 0.949, 0.750, 0.949))))
def test_3341_20_to_23_true_peak_between_samples(offset, sample_peak, rate):
    audio = hidden_peak(rate, offset)
    assert find_peaks(audio.samples).sample == pytest.approx(sample_peak, abs=0.002)
    assert is_true_peak(audio, 0.0)


RANGES = {
    "3342-1": ([(-20, 20), (-30, 20)], 10.0),
    "3342-2": ([(-20, 20), (-15, 20)], 5.0),
    "3342-3": ([(-40, 20), (-20, 20)], 20.0),
    "3342-4": ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15.0),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", RANGES)
def test_3342_loudness_range(case, rate):
    parts, expected = RANGES[case]
    assert loudness.loudness_range_lu(hops(rate, parts)) == pytest.approx(expected, abs=0.05 * RANGE_LU)


def k_gain_db(hz, rate=48_000):
    """Response of the weighting at one frequency, from its coefficients."""
    z = np.exp(-2j * np.pi * hz / rate)
    gains = [
        (b0 + b1 * z + b2 * z * z) / (1 + a1 * z + a2 * z * z) for b0, b1, b2, a1, a2 in k_weighting(rate)
    ]
    return 20 * math.log10(abs(gains[0] * gains[1]))


@pytest.mark.parametrize("hz", [25, 100, 500, 1000, 2000, 10_000])
@pytest.mark.parametrize("level", [-23.0, -24.0])
def test_bs2217_tones_read_their_weighted_level(hz, level):
    peak_db = (
        level + 0.691 - k_gain_db(hz)
    )  # a sine in both channels: its power is the square of its amplitude
    assert loudness.integrated_lufs(hops(48_000, [(peak_db, 10)], hz=hz)) == pytest.approx(
        level, abs=LOUDNESS_LU
    )


@pytest.mark.parametrize("quiet", [-75.0, -36.0])
def test_bs2217_only_the_louder_parts_count(quiet):
    found = hops(48_000, [(-24, 10), (quiet, 10), (-24, 10)])
    assert loudness.integrated_lufs(found) == pytest.approx(-24.0, abs=LOUDNESS_LU)


@pytest.mark.parametrize("rate", ALL_RATES)
def test_the_same_sound_reads_the_same_at_every_rate(rate):
    for channels, expected in ((1, -9.03), (2, -6.02)):
        level = loudness.integrated_lufs(hops(rate, [(-6.0206, 5)], hz=997, channels=channels))
        assert level == pytest.approx(expected, abs=RATE_LU)
    t = np.arange(5 * rate) / rate
    chord = 0.1 * sum(np.sin(2 * np.pi * hz * t) for hz in (60, 250, 997, 4000, 10_000))
    audio = Audio(np.tile(chord.astype(np.float32), (2, 1)), rate)
    assert measure_levels(audio).integrated_lufs == pytest.approx(-11.837, abs=RATE_LU)

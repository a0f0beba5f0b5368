"""Everything measured at once: names, finiteness, edges, agreement with the single meters."""

import json
import math

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.metering.loudness import hop_energies
from masterify_core.metering.report import measure, measure_levels
from tests.signals import noise, tone

NAMES = {
    "integrated_lufs", "loudness_range_lu", "momentary_max_lufs", "short_term_max_lufs", "true_peak_dbtp",
    "sample_peak_dbfs", "plr_lu", "psr_lu", "crest_db", "correlation", "mono_loss_db", "third_octaves_db",
    "side_mid_db", "band_sigma_db", "clipping", "dc", "band_limit_hz", "noise_floor_lufs", "head_silence_s",
    "tail_silence_s", "seconds", "rate", "channels",
}  # fmt: skip


def finite_numbers(value):
    if isinstance(value, dict):
        return all(map(finite_numbers, value.values()))
    if isinstance(value, list):
        return all(map(finite_numbers, value))
    return value is None or isinstance(value, str | bool | int) or math.isfinite(value)


def without_nan(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return all(map(without_nan, value))
    return not (isinstance(value, float) and math.isnan(value))


def test_a_song_has_every_value_under_its_documented_name():
    table = measure(noise(48_000, 5.0)).to_dict()
    assert set(table) >= NAMES
    assert all(table[name] is not None for name in NAMES - {"band_limit_hz"})
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_a_tone_reads_what_it_is():
    found = measure(tone(48_000, [(-20, 5)], hz=997))
    assert found.integrated_lufs == pytest.approx(-20.0, abs=0.01)
    assert found.true_peak_dbtp >= found.sample_peak_dbfs == pytest.approx(-20.0, abs=0.01)
    assert found.true_peak_dbtp == pytest.approx(-20.0, abs=0.01)
    assert found.plr_lu == pytest.approx(found.true_peak_dbtp - found.integrated_lufs)
    assert (found.psr_lu, found.psr_min_lu) == pytest.approx((0.0, 0.0), abs=0.05)
    assert found.crest_db == pytest.approx(3.01, abs=0.01)
    assert found.dual_mono
    assert not found.antiphase
    assert (found.seconds, found.rate, found.channels) == (5.0, 48_000, 2)


def test_the_fast_subset_agrees_and_hops_may_be_given():
    audio = noise(44_100, 5.0)
    everything, levels = measure(audio), measure_levels(audio, hop_energies(audio))
    for name, value in levels.to_dict().items():
        assert everything.to_dict()[name] == value


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [0, 1, 30, 4000, 40_000])
@pytest.mark.parametrize("level", [0.0, 1e-30, 0.1])
def test_edges_have_defined_values(level, frames, channels, rate):
    rng = np.random.default_rng(frames)
    found = measure(Audio((level * rng.standard_normal((channels, frames))).astype(np.float32), rate))
    table = found.to_dict()
    assert finite_numbers(table)
    assert without_nan([getattr(found, name) for name in table])
    json.dumps(table, allow_nan=False)
    if level == 0.0 or frames == 0:
        assert table["integrated_lufs"] is None
        assert table["true_peak_dbtp"] is None
        assert table["loudness_range_lu"] == 0.0
        assert table["clipping"]["runs"] == 0


def test_above_50_khz_the_printed_filter_is_left_out():
    assert measure_levels(noise(96_000, 0.5)).true_peak_bs1770_dbtp is None


def test_a_dead_channel_and_a_flipped_one_are_told():
    left = noise(48_000, 1.0, channels=1).samples[0]
    assert measure(Audio(np.array([left, 0 * left]), 48_000)).dead_channel == "right"
    assert measure(Audio(np.array([left, -left]), 48_000)).antiphase

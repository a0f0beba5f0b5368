"""Rendering: the gain that meets a loudness, the guard over every peak, and where it stops."""

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.metering.loudness import energies, integrated_lufs
from masterify_core.rendering import prepare, programme_lufs, render
from masterify_core.stages.limiter import Limiter
from tests import songs
from tests.signals import tone

RATE = 44_100
LIMITER = Limiter(ceiling_dbtp=-1.0)
MET_LU = 0.05
PROMISED_PEAK_DB = 0.02


@pytest.fixture(scope="module")
def prepared():
    return prepare(Audio(songs.mix(RATE, 6.0).T.astype(np.float32), RATE), RATE)


def rendered_samples(rendered):
    return rendered.trim * rendered.audio.samples.astype(np.float64)


@pytest.mark.parametrize(
    ("lufs", "clip_depth_db"),
    [(-30.0, 6.0), (-18.0, 0.0), (-14.0, 0.0), (-14.0, 6.0), (-11.0, 3.0), (-9.0, 3.0), (-9.0, 6.0)],
)
def test_loudness_is_met_under_the_ceiling(prepared, lufs, clip_depth_db):
    limiter = Limiter(ceiling_dbtp=-1.0, clip_depth_db=clip_depth_db)
    rendered = render(prepared, limiter, lufs)
    x = rendered_samples(rendered)
    assert rendered.stopped is None
    assert integrated_lufs(energies(x.astype(np.float32), RATE)) == pytest.approx(lufs, abs=MET_LU)
    assert songs.true_peak_dbtp(x.T) <= -1.0 + PROMISED_PEAK_DB


def test_more_loudness_takes_more_gain(prepared):
    gains_db = [render(prepared, LIMITER, lufs).gain_db for lufs in (-20.0, -14.0, -11.0, -9.0, -8.0)]
    assert gains_db == sorted(gains_db)


def test_memory_that_is_handed_in_is_used_and_says_the_same(prepared):
    out = np.full_like(prepared.audio.samples, np.nan)
    first, second = render(prepared, LIMITER, -10.0), render(prepared, LIMITER, -10.0, out)
    np.testing.assert_array_equal(first.audio.samples, second.audio.samples)
    assert np.shares_memory(second.audio.samples, out)


def test_rendering_leaves_what_was_prepared_alone(prepared):
    before = prepared.audio.samples.copy()
    render(prepared, LIMITER, -9.0)
    np.testing.assert_array_equal(prepared.audio.samples, before)


@pytest.mark.parametrize("lufs", [-5.0, -6.0])
def test_out_of_reach_is_said_and_not_exceeded(lufs):
    clicks = np.zeros((2, 5 * RATE), np.float32)
    clicks[:, :: RATE // 4] = 0.5
    clicks += 0.001 * np.sin(np.arange(5 * RATE) * 0.1).astype(np.float32)
    rendered = render(prepare(Audio(clicks, RATE), RATE), LIMITER, lufs)
    assert rendered.stopped
    assert rendered.lufs < lufs
    assert songs.true_peak_dbtp(rendered_samples(rendered).T) <= -1.0 + PROMISED_PEAK_DB


@pytest.mark.parametrize("turns", [0.25, 0.3, 0.4, 0.45])
def test_peaks_between_samples_are_guarded(turns):
    """Tones near half the rate, whose samples show 3 dB and more less than their peaks."""
    song = tone(RATE, [(-6.0, 3.0)], turns * RATE + 0.37, degrees=45.0)
    rendered = render(prepare(song, RATE), LIMITER, -6.0)
    assert songs.true_peak_dbtp(rendered_samples(rendered).T[RATE:-RATE], taps=128) <= -1.0 + PROMISED_PEAK_DB


@pytest.mark.parametrize(("hz", "bar_db"), [(60.0, -38.0), (1000.0, -60.0)])
def test_a_tone_rendered_3_db_over_the_ceiling_stays_clean(hz, bar_db):
    song = tone(RATE, [(-6.0, 4.0)], hz)
    prepared = prepare(song, RATE)
    full = render(prepared, Limiter(ceiling_dbtp=0.0), programme_lufs(prepared.hops, 6.0 - 1.0)).lufs
    x = rendered_samples(render(prepared, LIMITER, full + 3.0))[0, RATE : 3 * RATE]
    n = np.arange(len(x))
    basis = np.stack([np.sin(2 * np.pi * hz * n / RATE), np.cos(2 * np.pi * hz * n / RATE)], axis=1)
    pure = basis @ np.linalg.lstsq(basis, x, rcond=None)[0]
    assert 10 * np.log10(np.sum((x - pure) ** 2) / np.sum(pure**2)) <= bar_db


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.39])
def test_under_one_gating_block_loudness_is_that_of_all_of_it(seconds):
    song = tone(48_000, [(-23.0, seconds)], 1000.0)
    hops = energies(song.samples, 48_000)
    assert integrated_lufs(hops) == -np.inf
    assert programme_lufs(hops) == pytest.approx(-23.0, abs=0.2)
    rendered = render(prepare(song, 48_000), LIMITER, -14.0)
    assert programme_lufs(energies(rendered.audio.samples, 48_000)) == pytest.approx(-14.0, abs=MET_LU)

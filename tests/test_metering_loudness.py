"""The loudness meter: its kernel against the twin, known answers, invariances, edges, other meters."""

import math
import re
import shutil
import subprocess
import time

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.audio import Audio
from masterify_core.metering import loudness
from masterify_core.metering.weighting import k_weighting
from tests.oracles import naive_loudness
from tests.signals import noise, tone

SAME = 1e-9  # relative: both compute in double precision, in another order
ORACLE_LU = 0.01  # pyloudnorm with its DeMan filters leaves the 48 kHz gain out: 0.005 LU at 44.1 kHz
FFMPEG_LU = 0.02  # its ebur128 prints three decimals; the same gain is left out
ODD_RATES = (8000, 11_025, 22_050, 44_100, 96_000)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(ODD_RATES), st.integers(0, 900), st.integers(1, 2), st.integers(0, 2**32 - 1))
def test_k_energies_equal_their_definition(rate, frames, channels, seed):
    samples = np.random.default_rng(seed).normal(size=(channels, frames)).astype(np.float32)
    hops = loudness.energies(samples, rate, (1.0, 0.5)[:channels])
    expected = np.zeros(len(hops.energy))
    other = 0.5 if channels == 2 else 0.0
    naive_loudness.k_energies(samples, 0, channels - 1, 1.0, other, rate, 0, len(expected), expected)
    np.testing.assert_allclose(hops.energy, expected, rtol=SAME, atol=1e-12)


@pytest.mark.parametrize("rate", [8000, 8010, 11_025])
@pytest.mark.parametrize("hops", [119.5, 120.0, 120.3, 121.0, 200.7])
def test_two_places_at_once_give_what_one_pass_would(rate, hops):
    samples = noise(rate, 3.0).samples[:, : round(hops * rate / 100)] * np.linspace(
        1.0, 1e-4, round(hops * rate / 100), dtype="f4"
    )
    found = loudness.energies(samples, rate).energy
    expected = np.zeros(len(found))
    naive_loudness.k_energies(samples, 0, 1, 1.0, 1.0, rate, 0, len(expected), expected)
    np.testing.assert_allclose(found, expected, rtol=SAME)


@pytest.mark.parametrize("hop", [0, 70, 99, 100, 114, 115, 130, 199])
def test_a_hop_that_is_not_finite_is_silence_and_the_filters_start_anew_wherever_it_is(hop):
    samples = noise(8000, 2.0).samples.copy()
    samples[1, 80 * hop + 3] = np.nan
    found = loudness.energies(samples, 8000).energy
    before = loudness.energies(np.ascontiguousarray(samples[:, : 80 * hop]), 8000).energy
    behind = loudness.energies(np.ascontiguousarray(samples[:, 80 * (hop + 1) :]), 8000).energy
    np.testing.assert_allclose(found, np.concatenate([before, [0.0], behind]), rtol=SAME)


def test_the_filters_are_those_that_the_standard_prints():
    shelf, high_pass = k_weighting(48_000)
    printed = (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585)
    assert shelf == pytest.approx(printed, abs=1e-7)
    assert high_pass == pytest.approx((1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621), abs=1e-7)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 700), st.sampled_from(ODD_RATES), st.integers(0, 2**32 - 1))
def test_windows_and_gates_equal_their_definition(count, rate, seed):
    rng = np.random.default_rng(seed)
    frames = naive_loudness.hop_frame(count, rate) + int(rng.integers(0, rate // 101))
    energy = 10 ** rng.uniform(-12, 0, count + (naive_loudness.hop_frame(count, rate) < frames)) * rate / 100
    hops = loudness.Hops(energy, frames, rate)
    blocks = naive_loudness.block_powers(energy, 0.4, 0.1, rate, frames)
    windows = naive_loudness.block_powers(energy, 3.0, 0.1, rate, frames)
    assert loudness.integrated_lufs(hops) == pytest.approx(naive_loudness.integrated(blocks), abs=1e-9)
    assert loudness.loudness_range_lu(hops) == pytest.approx(naive_loudness.loudness_range(windows), abs=1e-9)
    for found, step in ((loudness.momentary_lufs(hops), 0.4), (loudness.short_term_lufs(hops), 3.0)):
        every = naive_loudness.block_powers(energy, step, 0.01, rate, frames)
        np.testing.assert_allclose(found, [naive_loudness.lufs(power) for power in every], atol=1e-9)


@given(st.floats(-30.0, 30.0))
@settings(deadline=None, max_examples=20)
def test_gain_moves_loudness_by_itself(gain_db):
    audio = tone(48_000, [(-40, 1), (-26, 2), (-33, 2)])
    louder = Audio(audio.samples * np.float32(10 ** (gain_db / 20)), audio.rate)
    measured = loudness.integrated_lufs(loudness.hop_energies(louder))
    assert measured == pytest.approx(
        loudness.integrated_lufs(loudness.hop_energies(audio), gain_db), abs=1e-4
    )


@pytest.mark.parametrize(
    ("change", "tolerance_lu"),
    [
        (lambda x: -x, SAME),
        (lambda x: x[::-1].copy(), SAME),
        (lambda x: np.pad(x, ((0, 0), (0, 44_100 * 3))), 0.15),  # three blocks more hold the end of the sound
    ],
    ids=["polarity", "channels swapped", "silence after"],
)
def test_loudness_does_not_depend_on(change, tolerance_lu):
    audio = noise(44_100, 6.0)
    before, after = (
        loudness.hop_energies(a) for a in (audio, Audio(change(np.asarray(audio.samples)), audio.rate))
    )
    expected = loudness.integrated_lufs(before)
    assert loudness.integrated_lufs(after) == pytest.approx(expected, abs=tolerance_lu)
    assert loudness.short_term_max_lufs(after) == pytest.approx(
        loudness.short_term_max_lufs(before), abs=1e-9
    )


def test_a_mono_file_counts_one_channel():
    level = loudness.integrated_lufs(loudness.hop_energies(tone(48_000, [(0.0, 2)], hz=997, channels=1)))
    both = loudness.integrated_lufs(loudness.hop_energies(tone(48_000, [(0.0, 2)], hz=997)))
    assert level == pytest.approx(-3.01, abs=0.005)
    assert both == pytest.approx(0.0, abs=0.005)


def test_the_low_frequency_channel_is_not_heard():
    samples = np.zeros((6, 48_000), np.float32)
    samples[3] = noise(48_000, 1.0).samples[0]
    assert not loudness.energies(samples, 48_000).energy.any()


def test_weights_must_fit_the_channels():
    with pytest.raises(ValueError, match="2 channels need as many weights, got 3"):
        loudness.energies(np.zeros((2, 10), np.float32), 48_000, (1.0, 1.0, 1.0))


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
@pytest.mark.parametrize("seconds", [0.0, 1e-4, 0.399, 0.4, 2.999, 3.0])
def test_short_songs_have_the_windows_that_fit(rate, seconds):
    hops = loudness.hop_energies(noise(rate, seconds))
    assert math.isfinite(loudness.integrated_lufs(hops)) == (seconds >= 0.4)
    assert math.isfinite(loudness.momentary_max_lufs(hops)) == (seconds >= 0.4)
    assert math.isfinite(loudness.short_term_max_lufs(hops)) == (seconds >= 3.0)
    assert loudness.loudness_range_lu(hops) == 0.0


def test_silence_has_no_loudness():
    hops = loudness.hop_energies(Audio(np.zeros((2, 200_000), np.float32), 48_000))
    assert loudness.integrated_lufs(hops) == loudness.short_term_max_lufs(hops) == -math.inf
    assert loudness.loudness_range_lu(hops) == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_hop_with_a_bad_sample_counts_as_silence(bad):
    audio = noise(48_000, 2.0)
    samples = audio.samples.copy()
    samples[1, 30_000] = bad
    energy = loudness.energies(samples, audio.rate).energy
    hop = 30_000 // 480
    assert energy[hop] == 0.0
    expected = loudness.hop_energies(audio).energy
    np.testing.assert_array_equal(energy[:hop], expected[:hop])
    np.testing.assert_allclose(energy[hop + 40 :], expected[hop + 40 :], rtol=1e-3)


def test_a_whisper_after_a_shout_keeps_its_precision():
    audio = tone(48_000, [(0.0, 1), (-110.0, 1)])
    alone = tone(48_000, [(-110.0, 1)])
    after = loudness.momentary_lufs(loudness.hop_energies(audio))[-1]
    assert after == pytest.approx(loudness.momentary_lufs(loudness.hop_energies(alone))[-1], abs=0.05)


def test_silence_after_sound_does_not_slow_the_meter_down():
    """Filters that ring down into denormal numbers would take ten times as long."""
    samples = noise(48_000, 20.0).samples.copy()

    def best(x):
        times = []
        for _ in range(5):
            begin = time.process_time()
            loudness.energies(x, 48_000)
            times.append(time.process_time() - begin)
        return min(times)

    busy = best(samples)
    samples[:, 48_000:] = 0.0
    assert best(samples) < 3 * busy
    samples[:, 48_000:] = 1e-41
    assert best(samples) < 3 * busy


def _programmes():
    yield "music-like noise", noise(44_100, 8.0)
    yield "loud and soft", tone(48_000, [(-20, 3), (-45, 3), (-18, 3)])
    yield "mono", noise(48_000, 5.0, channels=1)


@pytest.mark.parametrize(("name", "audio"), list(_programmes()))
def test_pyloudnorm_reads_the_same(name, audio):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    pytest.importorskip("scipy")
    meter = pyloudnorm.Meter(audio.rate, filter_class="DeMan")
    theirs = meter.integrated_loudness(audio.samples.T.astype(float))
    assert loudness.integrated_lufs(loudness.hop_energies(audio)) == pytest.approx(theirs, abs=ORACLE_LU)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(("name", "audio"), list(_programmes()))
def test_ffmpeg_reads_the_same(name, audio, tmp_path):
    soundfile.write(tmp_path / "a.wav", audio.samples.T, audio.rate, subtype="FLOAT")
    chain = "ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.I:file=-"
    command = ["ffmpeg", "-v", "error", "-nostats", "-i", tmp_path / "a.wav", "-af", chain, "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = float(re.findall(r"lavfi\.r128\.I=(-?[\d.]+)", said)[-1])
    assert loudness.integrated_lufs(loudness.hop_energies(audio)) == pytest.approx(theirs, abs=FFMPEG_LU)

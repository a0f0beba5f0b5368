"""The dynamic equaliser against sounds whose answer is known."""

import numpy as np
import pytest

from masterify_core import zones
from masterify_core.audio import Audio
from masterify_core.errors import SettingError
from masterify_core.kernels import zones as kernels
from masterify_core.metering import spectrum
from masterify_core.stages.dynamic_eq import Cut, DynamicEq
from tests.signals import noise, tone

RATE = 48_000
MIDDLES_HZ = {name: np.sqrt(np.prod(zones.ZONES_HZ[name])) for name in zones.NAMES}
ALWAYS = {"over_db": -60.0, "slope": 1.0, "most_db": 4.0}


def level_db(x):
    return 10.0 * np.log10(np.mean(np.square(x, dtype=np.float64)))


def sung(hz, loud_db, seconds=4.0):
    """Even noise, and in the second half a tone that stands out."""
    song = 0.1 * noise(RATE, seconds).samples
    song[:, song.shape[1] // 2 :] += tone(RATE, [(loud_db, seconds / 2.0)], hz).samples
    return Audio(song.astype(np.float32), RATE)


@pytest.mark.parametrize("name", zones.NAMES)
def test_what_stands_out_is_turned_down_and_only_while_it_does(name):
    song = sung(MIDDLES_HZ[name], -12.0)
    stage = DynamicEq(cuts=(Cut(zone=name, over_db=4.5, slope=1.0, most_db=3.0),))
    answer = stage(song)
    half, at = song.frames // 2, MIDDLES_HZ[name]
    turn = np.exp(-2j * np.pi * at * np.arange(half // 2) / RATE)

    def heard_db(audio):
        return 20.0 * np.log10(abs(audio.samples[0, half + half // 2 :] @ turn))

    assert heard_db(answer) - heard_db(song) == pytest.approx(-3.0, abs=0.1)
    np.testing.assert_array_equal(answer.samples[:, : half - 100], song.samples[:, : half - 100])


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_where_nothing_stands_out_the_sound_is_the_same(rate):
    song = noise(rate, 1.0)
    cuts = tuple(Cut(zone=name, over_db=40.0) for name in zones.NAMES)
    np.testing.assert_array_equal(DynamicEq(cuts=cuts)(song).samples, song.samples)


@pytest.mark.parametrize("gain", [1e-3, 30.0])
def test_loudness_does_not_matter(gain):
    song = sung(7000.0, -12.0, seconds=1.0)
    stage = DynamicEq(cuts=(Cut(zone="sibilance", over_db=6.0),))
    louder = Audio(song.samples * np.float32(gain), RATE)
    np.testing.assert_allclose(stage.gains(louder.samples, RATE), stage.gains(song.samples, RATE), atol=1e-4)


def test_what_is_quiet_is_left_alone_however_lonely():
    """Hiss between the notes stands far over its neighbours, and is still no sibilance."""
    song = noise(RATE, 2.0).samples.copy()
    song[:, RATE:] = 0.001 * tone(RATE, [(-6.0, 1.0)], 7000.0).samples
    cut = Cut(zone="sibilance", over_db=0.0, release_ms=5.0)
    gains = DynamicEq(cuts=(cut,)).gains(song, RATE)
    assert gains[-RATE // 2 // kernels.STEP :].min() > 0.999


@pytest.mark.parametrize("name", zones.NAMES)
@pytest.mark.parametrize("octaves", [-4.0, 0.0, 3.0])
def test_a_bell_reaches_its_zone_and_little_else(name, octaves):
    hz = MIDDLES_HZ[name] * 2.0**octaves
    if not 15.0 < hz < 0.45 * RATE:
        pytest.skip("nothing to hear there")
    song = tone(RATE, [(-20.0, 2.0)], hz)
    answer = DynamicEq(cuts=(Cut(zone=name, **ALWAYS),))(song)
    moved = level_db(answer.samples[:, RATE:]) - level_db(song.samples[:, RATE:])
    assert moved == pytest.approx(-4.0 if octaves == 0.0 else 0.0, abs=0.25)


def test_a_click_is_not_smeared_before_it_comes():
    click = np.zeros((1, RATE), np.float32)
    click[0, RATE // 2] = 1.0
    answer = DynamicEq(cuts=(Cut(zone="harsh", **ALWAYS),))(Audio(click, RATE)).samples[0]
    assert not answer[: RATE // 2].any()


def test_the_meter_and_the_stage_see_the_same():
    """The measured excess of steady noise is where the stage begins to act."""
    song = noise(RATE, 6.0)
    high = spectrum.zone_high_db(spectrum.measure_spectra(song))
    filters, energy = zones.filters(RATE), np.empty((-(-song.frames // kernels.STEP), kernels.ZONES))
    kernels.zone_energies(
        song.samples, filters, np.zeros((2, 2, kernels.ZONES)), np.empty(kernels.ZONES), energy
    )
    stage_db = zones.excess_db(energy.sum(axis=0)[:, None])[:, 0]
    np.testing.assert_allclose(high, stage_db, atol=1.0)


def test_silence_has_nothing_that_stands_out():
    found = spectrum.measure_spectra(Audio(np.zeros((2, RATE), np.float32), RATE))
    assert spectrum.zone_high_db(found) == (-np.inf,) * 3


def test_a_zone_is_named_once():
    with pytest.raises(SettingError, match="each zone once"):
        DynamicEq(cuts=(Cut(zone="mud", over_db=1.0), Cut(zone="mud", over_db=2.0)))

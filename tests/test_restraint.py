"""What is left alone for what it is, and what the recipe says about it."""

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.metering.dynamics import attack_db
from masterify_core.metering.loudness import hop_energies
from masterify_core.planning.restraint import LEAST_SHARE, restraint
from tests.plans import HZ, LIBRARY, bad, planned, reason_of, settings_for, song
from tests.signals import noise, tone

OTHER = LIBRARY.genre("other")


def jagged(**changed):
    """The spectrum of one instrument: strong in places, hardly there in others."""
    level = np.array(bad().third_octaves_db)
    level[2:-1] += 12.0 * np.where(np.arange(len(HZ)) // 3 % 2, 1.0, -1.0)
    return bad(third_octaves_db=tuple(level), **changed)


def test_a_mix_is_not_held_back():
    for mix in (song(), song(tilt_db=-2.0), song(tilt_db=2.0), bad()):
        assert restraint(mix, OTHER, 50.0).holds_back == restraint(mix, OTHER, 50.0).mixture == 1.0
        assert restraint(mix, OTHER, 50.0).notes == ()


def test_a_solo_instrument_is_held_back_and_told():
    found = restraint(jagged(), OTHER, 50.0)
    assert found.mixture == LEAST_SHARE
    assert any("solo instrument" in note and "held back to 25 %" in note for note in found.notes)
    most, least = (np.abs(settings_for(planned(one), "tone")["db"]).max() for one in (bad(), jagged()))
    assert least < 0.5 * most
    assert settings_for(planned(jagged()), "dynamics") is None


def test_ambient_is_held_back_and_told():
    found = restraint(bad(attack_db=0.8), OTHER, 50.0)
    assert found.mixture == LEAST_SHARE
    assert any("no attacks" in note for note in found.notes)
    assert any("no attacks" in note for note in planned(bad(attack_db=0.8)).notes)
    assert LEAST_SHARE < restraint(bad(attack_db=1.4), OTHER, 50.0).mixture < 1.0


def test_what_is_finished_and_ambient_is_left_alone():
    found = restraint(bad(attack_db=0.8, integrated_lufs=-9.0, true_peak_dbtp=-0.5), OTHER, 50.0)
    assert found.holds_back == 0.0
    assert len(found.notes) == 2


def test_high_intensity_overrules_it():
    found = restraint(jagged(attack_db=0.8), OTHER, 80.0)
    assert found.holds_back == found.mixture == 1.0
    assert all("intensity is high" in note for note in found.notes)


def test_nothing_is_raised_above_the_end_of_a_low_fidelity_song():
    dull = song(tilt_db=-2.0, band_limit_hz=9000.0)
    raised = np.array(settings_for(planned(dull), "tone")["db"])
    free = np.array(settings_for(planned(song(tilt_db=-2.0)), "tone")["db"])
    assert raised[HZ > 12_000.0].max() < 0.4 < 1.0 < free[HZ > 12_000.0].max()
    assert any("stops at 9.0 kHz" in note for note in planned(dull).notes)


def test_mono_is_told_where_width_would_stand():
    assert reason_of(planned(song(channels=1)), "stereo") == "the song is mono"


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_attacks_are_told_from_swells(rate):
    n = np.arange(6 * rate)
    swell = (1.2 + np.sin(2 * np.pi * 0.2 * n / rate)) * tone(rate, [(-12.0, 6.0)], 300.0).samples
    beats = np.exp(-(n % (rate // 2)) / (0.05 * rate)) * noise(rate, 6.0).samples
    slow, fast = (attack_db(hop_energies(Audio(x.astype(np.float32), rate))) for x in (swell, beats))
    assert slow < 2.0 < 6.0 < fast


@pytest.mark.parametrize("frames", [0, 1, 441, 4410])
def test_silence_has_no_attacks(frames):
    assert attack_db(hop_energies(Audio(np.zeros((2, frames), np.float32), 44_100))) == 0.0

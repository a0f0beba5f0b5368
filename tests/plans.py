"""Measurements made up for a decision, and the plans they lead to."""

import dataclasses

import numpy as np

from masterify_core.metering.report import measure
from masterify_core.planning import plan
from masterify_core.presets import THIRD_OCTAVES_HZ, Library
from tests.signals import noise

LIBRARY = Library.load()
HZ = np.array(THIRD_OCTAVES_HZ)
OCTAVES = np.log2(HZ / 1000.0)
MEASURED = measure(noise(48_000, 1.0))


def song(genre="other", tilt_db=0.0, **changed):
    """A mix that needs nothing: quiet, with the spectrum, width and movement of its genre; ``tilt_db`` an octave more."""
    usual = LIBRARY.genre(genre)
    level = -30.0 + np.array(usual.curve_db) + tilt_db * OCTAVES
    normal = {
        "third_octaves_db": (level[0] - 3.0, level[0] - 2.0, *level, level[-1] - 6.0),
        "integrated_lufs": -22.0,
        "true_peak_dbtp": -8.0,
        "side_mid_db": tuple(np.array(usual.side_mid_db) + usual.width_db),
        "band_sigma_db": usual.band_sigma_db,
        "band_threshold_db": (-30.0, -27.0, -30.0, -37.0, -42.0),
        "zone_high_db": (-20.0, -20.0, -20.0),
        "psr_lu": usual.psr_lu,
        "attack_db": 8.0,
        "subsonic_db": -60.0,
        "dc": (0.0, 0.0),
        "mono_loss_db": 0.5,
    }
    return dataclasses.replace(MEASURED, **{**normal, **changed})


def planned(measurement, **changed):
    usual = {
        "platforms": ("spotify",),
        "genre": "other",
        "ai_service": "other",
        "tier": "standard",
        "intensity": 50.0,
    }
    return plan(measurement, LIBRARY, **{**usual, **changed})


def settings_for(recipe, stage):
    """Settings of a stage that is used, else None."""
    return next((step.settings for step in recipe.steps if step.stage == stage), None)


def reason_of(recipe, stage):
    return next(each.reason for each in (*recipe.steps, *recipe.skipped) if each.stage == stage)


def bad(**changed):
    """A song with everything wrong at once."""
    worse = {
        "tilt_db": -2.0,
        "dc": (0.02, -0.01),
        "zone_high_db": (30.0, 30.0, 30.0),
        "psr_lu": 20.0,
        "subsonic_db": -5.0,
        "side_mid_db": (0.0,) + (-30.0,) * 8,
        "band_sigma_db": tuple(2.0 * db for db in LIBRARY.genre("other").band_sigma_db),
    }
    return song(**{**worse, **changed})

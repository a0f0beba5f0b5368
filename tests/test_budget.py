"""What loudness may cost: kept, or told."""

import dataclasses

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.budget import Budget
from masterify_core.rendering import prepare, render
from masterify_core.stages.limiter import Limiter
from tests.plans import bad, planned
from tests.signals import noise

LIMITER = Limiter(ceiling_dbtp=-1.0)


def peaky():
    """Noise with a click every tenth of a second, 20 dB over it."""
    song = 0.05 * noise(44_100, 4.0).samples
    song[:, ::4410] = 0.5
    return Audio(song, 44_100)


@pytest.mark.parametrize("most_extra_db", [0.5, 2.0])
def test_loudness_stops_short_of_its_budget_and_says_so(most_extra_db):
    prepared = prepare(peaky(), 44_100)
    quiet = render(prepared, LIMITER, -40.0)  # nothing is limited
    free, kept = (render(prepared, LIMITER, -7.0, None, most) for most in (20.0, most_extra_db))
    assert kept.gain_db <= quiet.gain_db + 33.0 + most_extra_db + 0.01
    assert kept.stopped is not None
    assert f"{most_extra_db:g} dB more" in kept.stopped
    assert kept.lufs < free.lufs


def test_the_budget_stands_in_the_recipe_and_is_smaller_for_what_is_no_mix():
    (mix,), (still,) = planned(bad()).deliveries, planned(bad(attack_db=0.0)).deliveries
    assert mix.budget == Budget()
    for name in ("most_extra_db", "most_clipped_share", "most_momentary_db"):
        assert getattr(still.budget, name) == pytest.approx(0.25 * getattr(mix.budget, name), abs=1e-4)


def test_what_is_exceeded_is_told():
    budget = Budget(most_clipped_share=0.01, most_momentary_db=6.0)
    assert budget.exceeded(0.01, 6.0) == ()
    clipped, momentary = budget.exceeded(0.02, 7.0)
    assert "2.0 % of the sound is clipped, 1 % are allowed for" in clipped
    assert "up to 7.0 dB, 6 dB are allowed for" in momentary


def test_the_clipped_share_is_one_of_time():
    song = Audio(np.zeros((2, 1000), np.float32), 44_100)
    limited = render(prepare(peaky(), 44_100), LIMITER, -9.0).limited
    assert 0.0 < limited.clipped_share < 0.5
    every = dataclasses.replace(limited, samples=song.samples, clipped=8 * song.samples.size)
    assert every.clipped_share == 1.0
    assert dataclasses.replace(every, quality="high").clipped_share == 0.0

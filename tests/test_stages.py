"""What every stage of a recipe promises, for every legal setting."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core import chain, schema
from masterify_core.audio import Audio
from masterify_core.errors import SettingError
from masterify_core.stages.denoise import Denoise
from masterify_core.stages.dynamics import Band, Dynamics
from masterify_core.stages.match import Curve, Match
from masterify_core.stages.stereo import Stereo
from masterify_core.stages.tone import Tone
from tests.strategies import settings_of, values_of

LARGEST = 64.0  # full scale, 12 dB of tone or make-up in every band, a filter that rings

points = st.lists(values_of(schema.hints_of(Tone)["hz"].__args__[0]), min_size=1, max_size=6, unique=True)
tones = points.flatmap(
    lambda hz: st.lists(
        values_of(schema.hints_of(Tone)["db"].__args__[0]), min_size=len(hz), max_size=len(hz)
    ).map(lambda db: Tone(hz=tuple(sorted(hz)), db=tuple(db)))
)
crossovers = st.lists(st.floats(40.0, 12_000.0), max_size=5, unique=True).map(sorted)
dynamics = crossovers.flatmap(
    lambda hz: st.lists(settings_of(Band), min_size=len(hz) + 1, max_size=len(hz) + 1).map(
        lambda bands: Dynamics(crossovers_hz=tuple(hz), bands=tuple(bands))
    )
)


def row_of(cls, name, **size):
    """Values that one element of a tuple field may take, with the count asked for."""
    hint = schema.hints_of(cls)[name]
    return st.lists(
        values_of((hint.__origin__ if hasattr(hint, "__metadata__") else hint).__args__[0]), **size
    )


curves = row_of(Curve, "level_dbfs", min_size=1, max_size=6, unique=True).flatmap(
    lambda level: row_of(Curve, "gain_db", min_size=len(level), max_size=len(level)).map(
        lambda gain: Curve(level_dbfs=tuple(sorted(level)), gain_db=tuple(gain))
    )
)
matches = st.builds(
    lambda bands, smooth_ms: Match(bands=tuple(bands), smooth_ms=smooth_ms),
    st.lists(curves, min_size=9, max_size=9),
    values_of(schema.hints_of(Match)["smooth_ms"]),
)
sides = row_of(Stereo, "side_hz", max_size=6, unique=True).flatmap(
    lambda hz: row_of(Stereo, "side_db", min_size=len(hz), max_size=len(hz)).flatmap(
        lambda db: settings_of(Stereo, side_hz=st.just(tuple(sorted(hz))), side_db=st.just(tuple(db)))
    )
)
noises = row_of(Denoise, "hz", min_size=1, max_size=6, unique=True).flatmap(
    lambda hz: row_of(Denoise, "density_dbfs", min_size=len(hz), max_size=len(hz)).flatmap(
        lambda db: settings_of(Denoise, hz=st.just(tuple(sorted(hz))), density_dbfs=st.just(tuple(db)))
    )
)
HARD_TO_DRAW = {Tone: tones, Dynamics: dynamics, Match: matches, Stereo: sides, Denoise: noises}
"""Classes whose rules between fields are seldom met by chance."""


def legal(stage):
    return HARD_TO_DRAW.get(stage, settings_of(stage))


songs = st.builds(
    lambda channels, frames, rate, kind: sound(channels, frames, rate, kind),
    st.integers(1, 2),
    st.sampled_from([1, 2, 15, 16, 17, 1000, 20_000]),
    st.sampled_from([8_000, 44_100, 96_000]),
    st.sampled_from(["noise", "silence", "impulse", "full"]),
)


def sound(channels, frames, rate, kind):
    samples = np.zeros((channels, frames), np.float32)
    if kind == "noise":
        samples += 0.2 * np.random.default_rng(frames).normal(size=samples.shape)
    elif kind == "impulse":
        samples[:, frames // 2] = 1.0
    elif kind == "full":
        samples += np.where(np.arange(frames) % 40 < 20, 1.0, -1.0)
    return Audio(samples, rate)


@pytest.mark.parametrize("name", chain.STAGES)
@settings(deadline=None, max_examples=40)
@given(data=st.data(), song=songs)
def test_every_legal_setting_gives_finite_sound_of_the_same_shape(name, data, song):
    stage = data.draw(legal(chain.STAGES[name]))
    before = song.samples.copy()
    answer = chain.run(song, [stage])
    assert answer.rate == song.rate
    assert answer.samples.shape == song.samples.shape
    assert np.isfinite(answer.samples).all()
    np.testing.assert_array_equal(song.samples, before)
    assert np.abs(answer.samples).max() <= LARGEST + 8.0 * max(
        map(abs, getattr(stage, "dc", ())), default=0.0
    )


@pytest.mark.parametrize("name", sorted(set(chain.STAGES) - {"repair"}))
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_silence_stays_silent(name, data):
    stage = data.draw(legal(chain.STAGES[name]))
    assert not chain.run(sound(2, 300, 48_000, "silence"), [stage]).samples.any()


@pytest.mark.parametrize("name", chain.STAGES)
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_every_legal_setting_survives_a_table(name, data):
    stage = data.draw(legal(chain.STAGES[name]))
    assert schema.build(type(stage), schema.to_table(stage)) == stage


@pytest.mark.parametrize("name", chain.STAGES)
def test_a_stage_is_frozen_and_refuses_what_it_does_not_know(name):
    kind = chain.STAGES[name]
    assert dataclasses.fields(kind)
    with pytest.raises(SettingError, match="volume is unknown"):
        schema.build(kind, {"volume": 11})

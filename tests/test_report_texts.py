"""The words of the pages: everything stands there in English and Korean, what the engine says included."""

import re

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.metering.findings import find_damage
from masterify_core.metering.report import measure
from masterify_core.planning import plan
from masterify_core.preset_sound import STAGE_ORDER
from masterify_core.report.texts import LANGUAGES, both, reason, stage, texts
from tests import songs
from tests.songs import LIBRARY


def test_every_text_is_there_in_both_languages():
    for key, said in texts().items():
        assert len(said) == len(LANGUAGES), key
        assert all(said), key
        assert set(re.findall(r"{\w+}", said[0])) == set(re.findall(r"{\w+}", said[1])), key


def test_texts_are_escaped_and_say_their_language():
    assert str(both("delivery", title="<x>")) == (
        '<span class="en" lang="en">Delivery: &lt;x&gt;</span><span class="ko" lang="ko">납품: &lt;x&gt;</span>'
    )
    assert str(reason("something <new>")) == '<span lang="en">something &lt;new&gt;</span>'
    assert "K-pop 장르의 정상 범위" in str(reason("balance is within the normal spread of K-pop"))


@pytest.mark.parametrize("kind", ["mix", "mono", "finished", "quiet noise", "cut off"])
def test_all_that_is_decided_is_told_in_korean_too(kind):
    x = {
        "mix": lambda: songs.mix(44_100, 6.0),
        "mono": lambda: songs.mix(44_100, 6.0, 1),
        "finished": lambda: np.clip(6.0 * songs.mix(44_100, 6.0), -0.9, 0.9),
        "quiet noise": lambda: 0.01 * np.random.default_rng(5).normal(size=(44_100 * 4, 2)),
        "cut off": lambda: songs.mix(44_100, 6.0)[30_000:90_000] + 0.01,
    }[kind]()
    audio = Audio(x.T, 44_100)
    measurement = measure(audio)
    findings = find_damage(audio, measurement.band_limit_hz)
    for genre in LIBRARY.genres():
        for intensity in (20.0, 50.0, 100.0):
            recipe = plan(
                measurement, LIBRARY, platforms=("spotify",), genre=genre, ai_service="suno", tier="premium",
                intensity=intensity, findings=findings,
            )  # fmt: skip
            for said in [*(each.reason for each in (*recipe.steps, *recipe.skipped)), *recipe.notes]:
                assert 'lang="ko"' in str(reason(said)), said
    for name in STAGE_ORDER:
        assert 'lang="ko"' in str(stage(name)), name

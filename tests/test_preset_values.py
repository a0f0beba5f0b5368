"""What preset values mean: round trips, rules between fields, ceilings, playback, words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.errors import SettingError
from masterify_core.preset_platform import Source
from masterify_core.preset_sound import STAGE_ORDER
from masterify_core.presets import AiService, Codec, Genre, Platform, Playback, Tier
from masterify_core.schema import build, hints_of, to_table
from tests.strategies import settings_of

SHIPPED = Path(__file__).parent.parent / "presets"
EXAMPLES = {Platform: "platforms/melon.toml", Genre: "genres/pop.toml", Tier: "tiers/standard.toml"}

NOTHING = st.just(())
stage_lists = st.sets(st.sampled_from(STAGE_ORDER)).map(
    lambda some: tuple(s for s in STAGE_ORDER if s in some)
)
format_lists = st.lists(st.sampled_from(["wav", "flac", "mp3"]), min_size=1, unique=True).map(tuple)


def sources_of(cls):
    """Sources that name keys which the preset has."""
    keys = st.lists(st.sampled_from(list(hints_of(cls))), min_size=1, max_size=4).map(tuple)
    return st.lists(settings_of(Source, keys=keys), max_size=2).map(tuple)


def source_of(*keys: str):
    return {"keys": list(keys), "what": "x", "confidence": "choice"}


@given(settings_of(Platform, sources=sources_of(Platform)))
def test_any_platform_survives_a_round_trip(platform):
    assert build(Platform, to_table(platform)) == platform


@given(settings_of(Genre, sources=sources_of(Genre)))
@settings(max_examples=25)
def test_any_genre_survives_a_round_trip(genre):
    assert build(Genre, to_table(genre)) == genre


@given(settings_of(Tier, stages=stage_lists, formats=format_lists) | settings_of(AiService))
def test_any_tier_and_ai_source_survives_a_round_trip(value):
    assert build(type(value), to_table(value)) == value


@given(settings_of(Platform, sources=NOTHING, codecs=NOTHING), st.floats(-40, -5))
def test_a_ceiling_is_one_of_the_two_and_the_louder_master_never_gets_the_quieter_ones(platform, target_lufs):
    ceiling_dbtp = platform.ceiling_for(target_lufs)
    if platform.loud_above_lufs is not None and target_lufs > platform.loud_above_lufs:
        assert ceiling_dbtp == platform.ceiling_loud_dbtp
    else:
        assert ceiling_dbtp == platform.ceiling_dbtp


@given(settings_of(Playback), st.floats(-40, -5), st.floats(-12, 3))
def test_playback_never_raises_peaks_over_its_limit_nor_songs_over_its_target(playback, lufs, peak_dbtp):
    gain_db = playback.gain_db(lufs, peak_dbtp)
    if playback.target_lufs is None:
        assert gain_db == 0
        return
    assert lufs + gain_db <= playback.target_lufs + 1e-9 or gain_db == 0
    if gain_db > 0:
        assert playback.raises_quiet
        assert peak_dbtp + gain_db <= playback.raises_to_dbtp + 1e-9


def test_codecs_read_like_people_write_them():
    assert [
        str(Codec(name="aac", kbps=256)),
        str(Codec(name="vorbis", kbps=96)),
        str(Codec(name="flac")),
    ] == [
        "AAC 256",
        "Vorbis 96",
        "FLAC",
    ]


@pytest.mark.parametrize(
    ("cls", "change", "message"),
    [
        (Platform, {"ceiling_loud_dbtp": -2.0}, "loud_above_lufs is missing"),
        (Platform, {"loud_above_lufs": -14.0}, "ceiling_loud_dbtp is missing"),
        (Platform, {"loudness_lufs": -3}, "loudness_lufs must be -40 to -5 LUFS, got -3"),
        (Platform, {"ceiling_dbtp": 1}, "ceiling_dbtp must be -12 to 0 dBTP, got 1"),
        (Platform, {"sources": [source_of("ceiling")]}, "sources[0].keys: ceiling is unknown"),
        (Platform, {"sources": [source_of()]}, "sources[0].keys must have 1 to 20 values, got 0"),
        (Platform, {"codecs": [{"name": "ogg"}]}, "codecs[0].name must be one of"),
        (Tier, {"stages": ["tone", "repair"]}, "stages must be in the order repair, declick, denoise, "),
        (Tier, {"stages": ["tone", "tone"]}, "stages must be in the order"),
        (Tier, {"stages": ["limiter"]}, "stages[0] must be one of"),
        (Tier, {"formats": ["wav", "wav"]}, "formats must name each format once"),
        (Tier, {"formats": []}, "formats must have 1 to 3 values, got 0"),
        (Genre, {"curve_db": [0.0] * 27}, "curve_db must have 28 values, got 27"),
    ],
)  # fmt: skip
def test_a_preset_that_makes_no_sense_is_refused(cls, change, message):
    table = tomllib.loads((SHIPPED / EXAMPLES[cls]).read_text(encoding="utf-8"))
    with pytest.raises(SettingError) as caught:
        build(cls, {**table, **change})
    assert str(caught.value).startswith(message)

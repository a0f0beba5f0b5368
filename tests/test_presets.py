"""The presets that come with masterify hold what they promise; their values say what they mean."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest

from masterify_core import presets
from masterify_core.presets import (
    NINE_BANDS_HZ,
    THIRD_OCTAVES_HZ,
    AiService,
    Genre,
    Library,
    Platform,
    Tier,
)
from masterify_core.schema import build, hints_of, to_table

SHIPPED = Path(__file__).parent.parent / "presets"
CLASSES = {"platforms": Platform, "genres": Genre, "ai_services": AiService, "tiers": Tier}
FILES = sorted(SHIPPED.glob("*/*.toml"))
API_PLATFORMS = ("apple_music", "melon", "soundcloud", "spotify", "youtube")
GENRES = ("ballad", "edm", "hiphop", "kpop", "other", "pop")

DEFAULT_CURVE_DB = (
    -4, -1, 2, 3, 3, 2.5, 2, 2, 2, 1.7, 1.5, 1.3, 1.2, 1.1, 0.6, 0,
    -0.6, -1.1, -1.7, -2.3, -3.3, -4.7, -6.5, -7.2, -7.9, -9.0, -11.6, -16,
)  # fmt: skip
"""Our fit to the mean spectrum of loud songs, which the genres depart from."""


@pytest.fixture(autouse=True)
def no_own_presets(monkeypatch):
    """Keep the presets of whoever runs the tests out of them."""
    monkeypatch.setattr(presets, "user_presets_dir", lambda: Path("nowhere-at-all"))


@pytest.fixture
def library():
    return Library.load()


def read(file: Path):
    return tomllib.loads(file.read_text(encoding="utf-8"))


def names(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def test_the_promised_presets_are_there(library):
    assert set(API_PLATFORMS) < set(library.platforms())
    assert {"tidal", "amazon_music", "deezer", "youtube_music", "cd", "universal"} < set(library.platforms())
    assert library.genres() == GENRES
    assert library.ai_services() == ("elevenlabs", "other", "suno", "udio")
    assert library.tiers() == ("premium", "standard")
    assert library.api_platforms == API_PLATFORMS


@pytest.mark.parametrize("file", FILES, ids=names)
def test_every_shipped_preset_loads_and_survives_a_round_trip(file, library):
    cls = CLASSES[file.parent.name]
    value = build(cls, read(file))
    assert build(cls, to_table(value)) == value
    look_up = {
        Platform: library.platform,
        Genre: library.genre,
        AiService: library.ai_service,
        Tier: library.tier,
    }
    assert look_up[cls](file.stem) == value
    assert value.title


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.parent.name in ("platforms", "genres")], ids=names
)
def test_every_number_has_a_source(file):
    table = read(file)
    backed = {key for source in table["sources"] for key in source["keys"]}
    told = set(table) - {"title", "note", "sources", "in_api"}
    assert told <= backed
    for source in table["sources"]:
        assert source["what"].endswith(".")
        assert source.get("url", "https://").startswith(("https://", "http://"))


def test_only_a_standard_on_paper_is_official_without_an_address(library):
    for name in library.platforms():
        for source in library.platform(name).sources:
            assert source.url or source.confidence != "official" or "IEC" in source.what


@pytest.mark.parametrize(
    ("name", "loudness_lufs", "ceiling_dbtp", "confidence"),
    [
        ("spotify", -14, -1, "official"),
        ("apple_music", -16, -1, "reported"),
        ("youtube", -14, -1, "measured"),
        ("soundcloud", -14, -1, "reported"),
        ("tidal", -14, -1, "reported"),
        ("amazon_music", -14, -2, "reported"),
        ("deezer", -15, -1, "reported"),
        ("universal", -14, -1, "choice"),
    ],
)
def test_a_platform_asks_for_what_its_sources_say(name, loudness_lufs, ceiling_dbtp, confidence, library):
    platform = library.platform(name)
    for genre in GENRES:
        assert platform.target_lufs(genre) == loudness_lufs
    assert platform.ceiling_for(platform.loudness_lufs) == ceiling_dbtp
    assert platform.source_of("loudness_lufs").confidence == confidence


def test_spotify_wants_another_decibel_of_room_from_loud_masters(library):
    spotify = library.platform("spotify")
    assert [spotify.ceiling_for(lufs) for lufs in (-20, -14, -13.9, -8)] == [-1, -1, -2, -2]
    assert library.platform("youtube").ceiling_for(-8) == -1


def test_melon_is_never_called_a_standard(library):
    melon = library.platform("melon")
    assert melon.target_lufs("kpop") == -8
    assert melon.target_lufs("ballad") == -11
    assert melon.target_lufs("a genre of my own") == melon.loudness_lufs
    assert {s.confidence for s in melon.sources} == {"undocumented", "reported"}
    assert "no standard of Melon" in melon.note


def test_what_is_not_normalised_is_as_loud_as_its_genre(library):
    for name in ("melon", "cd", "youtube_music"):
        for genre in GENRES:
            assert library.platform(name).target_lufs(genre) == library.genre(genre).loudness_lufs


def test_a_cd_is_44100_hz_and_16_bits(library):
    cd = library.platform("cd")
    assert (cd.sample_rate_hz, cd.bit_depth) == (44_100, "16")
    for name in set(library.platforms()) - {"cd"}:
        assert (library.platform(name).sample_rate_hz, library.platform(name).bit_depth) == (None, None)


@pytest.mark.parametrize("name", GENRES)
def test_a_genre_stays_near_the_mean_of_loud_songs(name, library):
    genre = library.genre(name)
    delta_db = [curve - default for curve, default in zip(genre.curve_db, DEFAULT_CURVE_DB, strict=True)]
    assert max(map(abs, delta_db)) <= 3.05
    steps_db = [abs(b - a) for a, b in pairwise(delta_db)]
    assert max(steps_db) <= 1.25, "a genre eases in, it has no edges"
    assert genre.curve_db[THIRD_OCTAVES_HZ.index(1000.0)] == 0
    assert min(genre.spread_db) >= 1.5
    assert max(genre.spread_db) <= 7


def test_the_other_genre_is_the_mean_itself(library):
    assert library.genre("other").curve_db == tuple(map(float, DEFAULT_CURVE_DB))


def test_bands_and_curves_have_the_lengths_their_axes_say(library):
    genre = library.genre("pop")
    assert len(THIRD_OCTAVES_HZ) == len(genre.curve_db) == len(genre.spread_db) == 28
    rows = (genre.band_sigma_db, genre.side_mid_db, genre.side_mid_spread_db)
    assert {len(NINE_BANDS_HZ), *map(len, rows)} == {9}


def test_ai_sources_are_near_neutral_and_say_what_is_left_alone(library):
    for name in library.ai_services():
        service = library.ai_service(name)
        assert 0.85 <= service.harsh_spread_scale <= 1.0
        if name != "other":
            assert "Nothing is repaired that was not measured" in service.note
            assert "watermarks" in service.note
    assert library.ai_service("other").harsh_spread_scale == 1.0


def test_premium_does_at_least_what_standard_does(library):
    standard, premium = library.tier("standard"), library.tier("premium")
    assert set(standard.stages) <= set(premium.stages)
    assert standard.formats == premium.formats
    assert standard.dynamics_cap_db < premium.dynamics_cap_db
    assert standard.formats == ("wav",)


def test_the_presets_are_in_the_wheel():
    project = tomllib.loads((SHIPPED.parent / "pyproject.toml").read_text(encoding="utf-8"))
    tool = project["tool"]["setuptools"]
    assert tool["package-dir"]["masterify_presets"] == "presets"
    assert "masterify_presets" in tool["packages"]
    packed = {file for glob in tool["package-data"]["masterify_presets"] for file in SHIPPED.glob(glob)}
    assert packed == set(FILES)


@pytest.mark.parametrize(
    ("name", "lufs", "peak_dbtp", "gain_db"),
    [
        ("spotify", -20, -5, 4),  # the example of Spotify's support page: raised to -16 LUFS only
        ("spotify", -9, -1, -5),
        ("spotify", -16, 0, 0),
        ("youtube", -20, -12, 0),
        ("youtube_music", -8, -1, 0),
        ("melon", -6, -1, 0),
    ],
)
def test_listeners_get_what_the_platform_does(name, lufs, peak_dbtp, gain_db, library):
    assert library.platform(name).playback.gain_db(lufs, peak_dbtp) == gain_db


def test_every_field_of_a_preset_is_documented():
    for cls in CLASSES.values():
        attributes = cls.__doc__.split("Attributes", 1)[1]
        assert {f.name for f in fields(cls)} == set(hints_of(cls))
        for name in hints_of(cls):
            assert name in attributes

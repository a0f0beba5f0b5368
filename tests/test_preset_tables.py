"""Presets in words: what the command line and the README show."""

from __future__ import annotations

from pathlib import Path

import pytest

from masterify_core import presets
from masterify_core.preset_tables import ai_service_table, genre_table, markdown, platform_table, tier_table
from masterify_core.presets import Library


@pytest.fixture
def library(monkeypatch):
    monkeypatch.setattr(presets, "user_presets_dir", lambda: Path("nowhere-at-all"))
    return Library.load()


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (platform_table, Library.platforms),
        (genre_table, Library.genres),
        (ai_service_table, Library.ai_services),
        (tier_table, Library.tiers),
    ],
)
def test_every_preset_has_a_row_as_long_as_the_head(table, names, library):
    head, *rows = table(library)
    assert [row[0] for row in rows] == list(names(library))
    assert {len(row) for row in rows} == {len(head)}
    assert all(isinstance(cell, str) and "\n" not in cell for row in rows for cell in row)


def test_a_platform_says_what_it_asks_and_how_sure_that_is(library):
    rows = {row[0]: row[2:] for row in platform_table(library)}
    assert rows["spotify"] == [
        "-14 LUFS",
        "-1 dBTP (-2 when louder than -14 LUFS)",
        "Vorbis 96/160/320, AAC 128/256, FLAC",
        "official",
    ]
    assert rows["melon"] == [
        "-11 to -7.5 LUFS, by genre",
        "-1 dBTP",
        "MP3 320, AAC 256, FLAC",
        "undocumented",
    ]


def test_an_own_platform_without_sources_has_a_row_too(tmp_path, library):
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "mine.toml").write_text('title = "Mine | ours"\nloudness_lufs = -12\n')
    table = platform_table(Library.load([tmp_path]))
    assert ["mine", "Mine | ours", "-12 LUFS", "-1 dBTP", "", ""] in table
    assert "| mine | Mine \\| ours | -12 LUFS | -1 dBTP |  |  |" in markdown(table).splitlines()

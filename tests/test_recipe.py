"""Recipes on disk: they come back equal, and a mistake names file and key."""

import json

import pytest

from masterify_core.errors import SettingError
from masterify_core.recipe import Recipe, read_recipe, write_recipe
from masterify_core.schema import build
from tests.plans import bad, planned


def test_a_recipe_comes_back_from_json_equal(tmp_path):
    recipe = planned(bad(), platforms=("spotify", "cd"), sample_rate=None)
    assert build(Recipe, json.loads(json.dumps(recipe.to_dict()))) == recipe
    write_recipe(recipe, tmp_path / "r.json", overwrite=False)
    assert read_recipe(tmp_path / "r.json") == recipe


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda table: table.update(volume=3), r"r\.json: volume is unknown"),
        (
            lambda table: table["steps"][0].update(stage="repare"),
            r"r\.json: steps\[0\]\.stage 'repare' is unknown",
        ),
        (
            lambda table: table["steps"][1]["settings"].update(gain=3),
            r"r\.json: steps\[1\]\.settings\.gain is unknown",
        ),
        (
            lambda table: table["steps"][1]["settings"]["db"].append(0.0),
            r"r\.json: steps\[1\]\.settings\.db must have as many",
        ),
        (
            lambda table: table["deliveries"][0]["limiter"].update(ceiling_dbtp=1.0),
            r"r\.json: deliveries\[0\]\.limiter\.ceiling_dbtp must be -12 to 0 dBTP, got 1",
        ),
        (lambda table: table.update(format=2), r"r\.json: format must be 1 to 1, got 2"),
        (lambda table: table.update(deliveries=[]), r"r\.json: deliveries"),
    ],
)
def test_a_mistake_in_a_recipe_names_file_and_key(edit, message, tmp_path):
    table = planned(bad()).to_dict()
    edit(table)
    (tmp_path / "r.json").write_text(json.dumps(table))
    with pytest.raises(SettingError, match=message):
        read_recipe(tmp_path / "r.json")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"text"', "\xff", "[" * 100_000, "NaN", '{"format": NaN}']
)
def test_what_is_no_recipe_is_one_clear_error(text, tmp_path):
    (tmp_path / "r.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingError, match=r"r\.json"):
        read_recipe(tmp_path / "r.json")

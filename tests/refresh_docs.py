"""The tables inside the documents, made from presets and code. Refresh them with ``python -m tests.refresh_docs``."""

import ast
import dataclasses
import json
import re
import sys
import tomllib
from pathlib import Path
from unittest import mock

from masterify_cli import exits
from masterify_core import presets
from masterify_core.preset_tables import ai_service_table, genre_table, markdown, platform_table, tier_table
from masterify_server import settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "docs" / "deploy.md"]
OPENAPI = ROOT / "masterify_server" / "openapi.yaml"
BLOCK = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- /table -->)", re.S)
PRESET_TABLES = {
    "platforms": platform_table,
    "genres": genre_table,
    "ai_services": ai_service_table,
    "tiers": tier_table,
}


def shipped():
    """The presets that come along, whatever the user has of their own."""
    with mock.patch.object(presets, "user_presets_dir", return_value=Path("nowhere")):
        return presets.Library.load()


def modules(folder):
    """What each module of a folder owns: the first line of its docstring."""
    rows = [["module", "owns"]]
    for path in sorted((ROOT / folder).glob("*.py")):
        if path.name != "__init__.py":
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            rows.append([f"`{path.stem}`", text.partition("\n")[0].replace("``", "`")])
    return rows


def floors():
    """The floors of the core from the top down, as import-linter is told to keep them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == ["masterify_core"])
    cells = [", ".join(f"`{name.strip()}`" for name in layer.split("|")) for layer in layers]
    return [["floor", "modules"], *([str(len(cells) - row), cell] for row, cell in enumerate(cells, 1))]


def settings_rows():
    """The settings of the service: variable, default, and what the docstring says of the field."""
    said = {}
    for names, text in re.findall(r"^    (\w[\w, ]*)\n((?:        .+\n)+)", settings.Settings.__doc__, re.M):
        said |= dict.fromkeys(names.split(", "), " ".join(text.split()))
    rows = [["variable", "default", "what"]]
    for field in dataclasses.fields(settings.Settings):
        default = field.default if field.default not in (None, ()) else ""
        about = said[field.name].replace("``", "`").replace("|", "\\|")
        rows.append([f"`MASTERIFY_{field.name.upper()}`", f"`{default}`" if default != "" else "", about])
    return rows


def table(name):
    if name == "settings":
        return settings_rows()
    if name in PRESET_TABLES:
        return PRESET_TABLES[name](shipped())
    if name == "floors":
        return floors()
    if name == "exit_codes":
        return [["exit code", "means"], *([str(code), meaning] for code, meaning in exits.MEANING.items())]
    return modules(name)


def refreshed(text):
    """The document with every table made anew."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{markdown(table(found[2]))}\n\n{found[3]}", text)


def openapi_json():
    """The API's description as the server reads it, without a reader of YAML."""
    import yaml  # only to write what users need no YAML for

    return (
        json.dumps(yaml.safe_load(OPENAPI.read_text(encoding="utf-8")), ensure_ascii=False, indent=1) + "\n"
    )


if __name__ == "__main__":
    OPENAPI.with_suffix(".json").write_text(openapi_json(), encoding="utf-8")
    for document in DOCUMENTS:
        document.write_text(refreshed(document.read_text(encoding="utf-8")), encoding="utf-8")
        sys.stdout.write(f"refreshed {document.name}\n")

"""The files for deployment: they name settings, commands and files that exist."""

import configparser
import dataclasses
import json
import re
from pathlib import Path

import pytest

from masterify_server.settings import NOT_OURS, Settings
from tests.cli import masterify

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
KNOWN = {f"MASTERIFY_{field.name.upper()}" for field in dataclasses.fields(Settings)} | NOT_OURS


@pytest.mark.parametrize("path", [*DEPLOY.rglob("*.*"), DEPLOY / "Dockerfile"], ids=lambda path: path.name)
def test_every_variable_that_is_set_is_one_of_ours(path):
    named = set(re.findall(r"MASTERIFY_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named <= KNOWN


def test_the_image_holds_every_package():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = {word for line in re.findall(r"^COPY (?!--)(.*) \S+$", text, re.M) for word in line.split()}
    assert all((ROOT / name).exists() for name in copied)
    assert {
        path.name for path in ROOT.glob("masterify_*") if path.is_dir() and "egg" not in path.name
    } <= copied
    assert {"pyproject.toml", "presets", "LICENSE", "README.md"} <= copied


def services():
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_the_parts_are_commands_that_exist():
    commands = {
        service["command"][0] for name, service in services().items() if name in ("web", "worker", "keeper")
    }
    for unit in UNITS:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str
        parser.read_string(unit.read_text(encoding="utf-8"))
        commands.add(parser["Service"]["ExecStart"].split()[1])
    assert commands == {"serve", "web", "worker", "keeper"}
    offered = masterify("--help").out
    assert all(re.search(rf"^  {command} ", offered, re.M) for command in commands)


def test_what_compose_asks_for_stands_in_the_example():
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    given = set(re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(encoding="utf-8"), re.M))
    assert asked <= given
    assert json.loads((DEPLOY / "s3.json").read_text(encoding="utf-8"))["identities"]


def test_no_secret_is_filled_in():
    for line in (DEPLOY / "example.env").read_text(encoding="utf-8").splitlines():
        if "SECRET=" in line:
            assert line.endswith("=")

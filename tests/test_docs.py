"""What the documents say is so: tables, commands, options, links."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from masterify_cli import exits
from tests import refresh_docs

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text):
    return re.findall(r"```bash\n(.*?)```", text, re.S)


def masterify_lines(text):
    """Every command line of masterify in the fenced blocks, without comments."""
    lines = [line.split("#")[0] for block in blocks(text) for line in block.splitlines()]
    return [line[line.index("masterify") :].split() for line in lines if re.search(r"(^|/)masterify ", line)]


def helped(*command):
    env = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    words = [sys.executable, "-m", "masterify_cli", *command, "--help"]
    return subprocess.run(words, capture_output=True, text=True, check=True, env=env, cwd=ROOT).stdout


@pytest.fixture(scope="module")
def help_of():
    known = {}

    def ask(*command):
        if command not in known:
            known[command] = helped(*command)
        return known[command]

    return ask


@pytest.mark.parametrize("path", refresh_docs.DOCUMENTS, ids=lambda path: path.name)
def test_the_tables_in_documents_are_current(path):
    text = path.read_text(encoding="utf-8")
    assert refresh_docs.refreshed(text) == text, "run: python -m tests.refresh_docs"


@pytest.mark.parametrize("mark", ["run", "test"])
def test_the_readme_marks_one_command_to(mark):
    between = re.findall(rf"<!-- {mark} -->(.*?)<!-- /{mark} -->", README, re.S)
    assert len(between) == 1
    assert len(blocks(between[0])) == 1


def test_every_command_and_option_in_the_readme_exists(help_of):
    lines = masterify_lines(README)
    assert len(lines) > 8
    for _, command, *rest in lines:
        nested = [rest[0]] if command == "presets" else []
        offered = help_of(command, *nested)
        for option in (word for word in rest if word.startswith("-") and not re.match(r"-\d", word)):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", offered), (
                f"{command} has no {option}"
            )


def test_every_command_that_prose_names_exists(help_of):
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        for command in re.findall(r"`masterify ([a-z]+)", text):
            assert re.search(rf"^  {command} ", help_of(), re.M), f"{name}: masterify {command}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_inside_the_project_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith(("http://", "https://")):
            assert ((ROOT / name).parent / target).exists(), target


def test_the_architecture_tells_of_every_folder():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for package in ("masterify_core", "masterify_cli", "masterify_server"):
        for folder in {path.parent for path in (ROOT / package).rglob("*.py")}:
            assert f"<!-- table: {folder.relative_to(ROOT).as_posix()} -->" in text


def test_the_changelog_knows_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.search(
        rf"^## \[({re.escape(version)}|Unreleased)\]",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.M,
    )


def test_every_exit_code_is_told_by_the_help(help_of):
    for code, meaning in exits.MEANING.items():
        assert re.search(rf"{code}\s+{re.escape(meaning)}", help_of())


@pytest.mark.skipif(os.name == "nt", reason="file modes are of POSIX")
def test_the_check_of_the_whole_project_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)

"""The guides in ``docs/``: every command and every piece of Python in them works as it stands there."""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import masterify, write_song

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = sorted(DOCS.glob("*.md"))


def blocks(guide, language):
    return re.findall(rf"```{language}\n(.*?)```", guide.read_text(encoding="utf-8"), re.S)


def is_plain(block):
    """Whether a block is nothing but lines of masterify that need no shell."""
    return all(
        line.startswith("masterify ") and not re.search(r"[|<>*]", line)
        for line in block.strip().splitlines()
    )


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder with the files that the guides speak of."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(["song", "bonus", "album/01", "album/02", "songs/a", "songs/b"]):
        write_song(tmp_path / f"{name}.wav", seconds=2.0, level_db=-18.0 - number)
    import soundfile

    samples, rate = soundfile.read("song.wav")
    soundfile.write("song.mp3", samples, rate, format="MP3")
    (tmp_path / "mine" / "platforms").mkdir(parents=True)
    for block in blocks(DOCS / "presets.md", "toml"):
        (tmp_path / "mine" / "platforms" / "radio.toml").write_text(block, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_command_of_a_guide_works(guide, room):
    programs = Path(sys.executable).parent
    for block in blocks(guide, "bash"):
        if is_plain(block):
            for line in block.strip().splitlines():
                done = masterify(*shlex.split(line)[1:])
                assert done.code == 0, (line, done.out, done.err)
            continue
        if not (programs / "masterify").exists() or not shutil.which("bash"):
            pytest.skip("needs the installed command and bash")
        env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        ran = subprocess.run(["bash", "-e", "-c", block], capture_output=True, text=True, cwd=room, env=env)
        assert ran.returncode == 0, (block, ran.stdout, ran.stderr)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_piece_of_python_in_a_guide_runs(guide, room):
    for block in blocks(guide, "python"):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, guide.name, "exec"), {})


def test_every_guide_is_listed():
    listed = set(re.findall(r"\]\((\w[\w-]*\.md)\)", (DOCS / "README.md").read_text(encoding="utf-8")))
    assert listed == {guide.name for guide in GUIDES} - {"README.md"}


def test_the_public_names_are_those_that_can_be_had():
    import masterify_core

    assert all(getattr(masterify_core, name) is not None for name in masterify_core.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = masterify_core.nothing

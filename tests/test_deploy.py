"""The files for deployment: they name settings, commands and files that exist."""

import configparser
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from masterify_server.settings import NOT_OURS, Settings
from masterify_server.storage import output_name
from masterify_server.store import accounts
from tests.cli import masterify
from tests.deployments import Deployment

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
        commands.add(re.search(r"bin/masterify (\w+)", parser["Service"]["ExecStart"])[1])
    assert commands == {"serve", "web", "worker", "keeper", "admin"}
    offered = masterify("--help").out
    assert all(re.search(rf"^  {command} ", offered, re.M) for command in commands)


def test_what_compose_asks_for_stands_in_the_example():
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    given = set(re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(encoding="utf-8"), re.M))
    assert asked <= given
    assert json.loads((DEPLOY / "s3.json").read_text(encoding="utf-8"))["identities"]


def test_every_unit_is_confined_alike():
    def confinement(unit):
        lines = unit.read_text(encoding="utf-8").splitlines()
        return [
            line
            for line in lines
            if re.match("(Protect|Private|Restrict|No|Cap|UMask|State|Cache|Lock|System)", line)
        ]

    assert len({tuple(confinement(unit)) for unit in UNITS}) == 1
    assert len(confinement(UNITS[0])) > 15


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_every_unit(tmp_path):
    program = tmp_path / "masterify"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in [*UNITS, *(DEPLOY / "systemd").glob("*.timer")]:
        text = unit.read_text(encoding="utf-8").replace("/opt/masterify/bin/masterify", str(program))
        (tmp_path / unit.name).write_text(text.replace("User=masterify", "User=root"), encoding="utf-8")
    units = sorted(map(str, [*tmp_path.glob("*.service"), *tmp_path.glob("*.timer")]))
    ran = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_image_names_its_version():
    images = [held["image"] for held in services().values() if held["image"] != "masterify"]
    images += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.M)
    assert len(images) >= 4
    assert all(re.search(r":\d", image) for image in images)


def commands_of_the_guide(name, **places):
    """A block of the guide, with its folders in other places."""
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    block = re.search(rf"<!-- run: {name} -->\n```sh\n(.*?)```", text, re.S)[1]
    for folder, place in places.items():
        block = block.replace(f"/{folder.replace('_', '/')}", str(place))
    return block


def test_what_is_backed_up_as_the_guide_says_can_be_restored(tmp_path):
    live, copies, new = tmp_path / "live", tmp_path / "copies", tmp_path / "new"
    copies.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def carry_out(name):
        block = commands_of_the_guide(
            name, var_lib_masterify=live, var_backups_masterify=copies, srv_masterify=new
        )
        environment = {**os.environ, "PATH": path}
        ran = subprocess.run(["sh", "-e", "-c", block], env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    with Deployment(live) as deployment:
        assert deployment.settings.signing_secret
        deployment.worker()
        deployment.keeper()
        done, running = deployment.ended(deployment.submit()), deployment.submit("each 60 0")
        deployment.running(running)
        carry_out("backup")
    assert "Every balance equals its ledger." in carry_out("restore")
    assert (new / "secret").read_text() == (live / "secret").read_text()
    with Deployment(new) as deployment:
        deployment.account = done.account_id
        assert deployment.job(done) == done
        file = output_name(done.job_id, done.attempt, "spotify.wav")
        assert b"".join(deployment.storage.read(file, 0, deployment.storage.size(file)))
        deployment.worker()
        deployment.keeper()
        assert deployment.ended(running).status == "done"  # whoever had it is silent: it runs again
        books = deployment.store.do(accounts.reconcile(done.account_id))
        assert (books.balanced, books.credits) == (True, 98)


def test_no_secret_is_filled_in():
    for line in (DEPLOY / "example.env").read_text(encoding="utf-8").splitlines():
        if "SECRET=" in line:
            assert line.endswith("=")

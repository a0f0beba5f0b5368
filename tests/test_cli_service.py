"""``masterify serve`` and ``masterify admin`` as an operator uses them."""

import http.client
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from masterify_cli import greeting
from masterify_server.admin import opened
from masterify_server.plans import load_plans
from masterify_server.settings import Settings, read_settings
from masterify_server.store import setup
from masterify_server.store.keys import authorize
from tests.chaos import SONG
from tests.cli import masterify
from tests.deployments import ROOT, gone, until


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("MASTERIFY_") or name == "REDIS_URL":
            monkeypatch.delenv(name)
    return tmp_path / "data"


def admin(data_dir, *words, stdin=b""):
    return masterify("admin", *words, "--data-dir", data_dir, stdin=stdin)


def made(data_dir, plan="starter"):
    ran = admin(data_dir, "create-account", "--name", "Ann", "--plan", plan, "--credits", "20", "--json")
    assert ran.code == 0, ran.err
    return ran.json


def test_an_account_is_made_looked_after_and_reconciled(data_dir):
    account = made(data_dir)
    assert re.fullmatch("aim_live_[0-9a-f]{32}", account["key"])
    assert (account["plan"], account["credits"], account["api_keys"]) == ("starter", 20, 1)
    name = ("--account", account["account"])
    assert admin(data_dir, "add-credits", *name, "--credits", "-5", "--json").json["credits"] == 15
    assert admin(data_dir, "set-plan", *name, "--plan", "pro", "--json").json["plan"] == "pro"
    assert admin(data_dir, "create-key", *name, "--name", "n8n", "--json").json["key"] != account["key"]
    first, second = admin(data_dir, "list-keys", *name, "--json").json
    assert (first["key"], second["name"]) == (f"{account['key'][:13]}…{account['key'][-4:]}", "n8n")
    newest = admin(data_dir, "rotate-key", *name, "--key", second["key_id"], "--json").json
    assert admin(data_dir, "revoke-key", *name, "--key", first["key_id"], "--json").json["revoked"] is True
    shown = admin(data_dir, "list-keys", *name, "--json").json
    assert [bool(each["revoked_at"]) for each in shown] == [True, True, False]  # the second in a day
    assert account["key"] not in admin(data_dir, "list-keys", *name).out
    with opened(read_settings(data_dir=data_dir)) as store:
        good = [store.do(authorize(key, load_plans())) for key in (account["key"], newest["key"])]
    assert [caller is not None for caller in good] == [False, True]
    rows = admin(data_dir, "ledger", *name, "--json").json
    assert [(row["kind"], row["amount"], row["balance"]) for row in rows] == [
        ("take", -5, 15),
        ("grant", 20, 20),
    ]
    user = admin(
        data_dir,
        "create-user",
        *name,
        "--email",
        "Ann@b.c",
        "--password",
        "-",
        "--json",
        stdin=b"a long password\n",
    )
    assert user.json == {"account": account["account"], "email": "ann@b.c"}
    assert admin(data_dir, "list-users", *name, "--json").json == [{"email": "ann@b.c"}]
    assert admin(data_dir, "delete-user", *name, "--email", "ANN@b.c", "--json").json["deleted"] is True
    ran = admin(data_dir, "delete-user", *name, "--email", "ann@b.c")
    assert (ran.code, "list-users" in ran.err) == (3, True)
    link = admin(data_dir, "setup-link", *name, "--address", "https://masterify.example/", "--json").json[
        "link"
    ]
    assert re.fullmatch(r"https://masterify\.example/dashboard/setup\?token=[\w-]{32}", link)
    assert "http://127.0.0.1:8000/dashboard/setup?token=" in admin(data_dir, "setup-link", *name).out
    assert admin(data_dir, "setup-link", "--account", "acc_x").code == 3
    assert account["account"] in admin(data_dir, "list-accounts").out
    ran = admin(data_dir, "reconcile")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Every balance equals its ledger.")
    assert admin(data_dir, "reconcile", "--json").json["balanced"] is True


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("create-account", "--name", "a", "--plan", "gold"), 2, "known are free, starter, pro, studio"),
        (("create-account", "--name", " "), 2, "'name' must not be empty"),
        (("create-account", "--name", "a", "--credits", "-1"), 2, "credits must be 0 to 1000000000000, got -1"),
        (("create-account", "--name", "a", "--credits", str(10**12 + 1)), 2, "credits must be 0 to 1000000000000"),
        (("create-account", "--name", "x" * 101), 2, "at most 100 characters"),
        (("create-account", "--name", "a\x1b[31mb"), 2, "'name' must be one line"),
        (("create-account", "--name", "a\udcff"), 2, "'name' must be one line"),
        (("set-plan", "--account", "acc_x", "--plan", "pro"), 3, "list-accounts"),
        (("create-key", "--account", "acc_x"), 3, "list-accounts"),
        (("create-key", "--account", "acc\udcff"), 3, "list-accounts"),
        (("create-key", "--account", "acc_x", "--name", ""), 2, "'name' must not be empty"),
        (("create-key", "--account", "acc_x", "--name", "x" * 101), 2, "at most 100 characters"),
        (("list-keys", "--account", "acc_x"), 3, "list-accounts"),
        (("ledger", "--account", "acc_x"), 3, "list-accounts"),
        (("add-credits", "--account", "acc_x", "--credits", "1"), 3, "list-accounts"),
        (("add-credits", "--account", "acc_x", "--credits", "0"), 2, "must not be 0"),
        (("add-credits", "--account", "acc_x", "--credits", str(2**53 + 1)), 2, "to 1000000000000, got 9007199254740993"),
        (("add-credits", "--account", "acc_x", "--credits", "1", "--note", "a\nb"), 2, "'note' must be one line"),
        (("add-credits", "--account", "acc_x", "--credits", "1", "--note", "x" * 201), 2, "at most 200 characters"),
        (("revoke-key", "--account", "acc_x", "--key", "key_x"), 3, "list-keys"),
        (("rotate-key", "--account", "acc_x", "--key", "key_x"), 3, "list-keys"),
        (("create-user", "--account", "acc_x", "--email", "a", "--password", "x" * 12), 2, "must be an e-mail address"),
        (("create-user", "--account", "acc_x", "--email", "a b@c", "--password", "x" * 12), 2, "must be an e-mail address"),
        (("create-user", "--account", "acc_x", "--email", "a" * 65 + "@b", "--password", "x" * 12), 2, "must be an e-mail"),
        (("create-user", "--account", "acc_x", "--email", "a@" + "b" * 260, "--password", "x" * 12), 2, "at most 254"),
        (("create-user", "--account", "acc_x", "--email", "a@b", "--password", "x"), 2, "10 to 1024"),
        (("create-user", "--account", "acc_x", "--email", "a@b", "--password", "\udcff" * 12), 2, "must be UTF-8"),
        (("create-user", "--account", "acc_x", "--email", "a@b", "--password", "x" * 12), 3, "list-accounts"),
        (("import", "nowhere.jsonl"), 2, "nowhere.jsonl: No such file"),
        (("import", "/"), 2, "/: Is a directory"),
        (("import", sys.executable), 2, "is not what export writes"),
        (("export", "/nowhere/all.jsonl"), 3, "the folder /nowhere does not exist"),
        (("export", "/"), 3, "/: is a folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_one_line(data_dir, words, code, said):
    (data_dir / "store").mkdir(parents=True)
    ran = admin(data_dir, *words)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert "bug" not in ran.err
    assert len(ran.err.splitlines()) == 1, ran.err


def test_what_the_store_refuses_is_said_with_the_facts_and_a_way_out(data_dir):
    account = made(data_dir, "free")
    name = ("--account", account["account"])
    for words, said, code in (
        (("create-key", *name), "allows 1 keys; revoke one", "KEY_LIMIT"),
        (("add-credits", *name, "--credits", "-21"), "20 credits are left", "INSUFFICIENT_CREDITS"),
        (("add-credits", *name, "--credits", str(10**12)), "never above 1000000000000", "CREDIT_LIMIT"),
    ):
        ran = admin(data_dir, *words, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, code)
        assert said in ran.err
        assert said in ran.json["error"]["message"]
    assert admin(data_dir, "ledger", *name, "--json").json[0]["balance"] == 20


def test_everything_can_be_taken_along(data_dir, tmp_path):
    account = made(data_dir)
    assert admin(data_dir, "export", tmp_path / "all.jsonl", "--json").json["keys"] > 5
    assert admin(data_dir, "export").out == (tmp_path / "all.jsonl").read_text()
    assert (tmp_path / "all.jsonl").stat().st_mode & 0o077 == 0
    (tmp_path / "all.jsonl").chmod(0o644)  # somebody's: what is written in its place is ours alone, and whole
    (tmp_path / "second").hardlink_to(tmp_path / "all.jsonl")
    assert admin(data_dir, "export", tmp_path / "all.jsonl").code == 0
    assert (tmp_path / "all.jsonl").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "second").samefile(tmp_path / "all.jsonl")
    assert sorted(path.name for path in tmp_path.glob("*.jsonl*")) == ["all.jsonl"]
    assert admin(tmp_path / "new", "import", tmp_path / "all.jsonl").code == 0
    shown = admin(tmp_path / "new", "list-accounts", "--json").json
    assert [each["account"] for each in shown] == [account["account"]]
    assert admin(tmp_path / "new", "import", tmp_path / "all.jsonl").code == 3


def test_wrong_settings_are_named_before_anything_starts(data_dir, monkeypatch):
    monkeypatch.setenv("MASTERIFY_KEEP_INPUT_H", "soon")
    ran = masterify("serve", "--data-dir", data_dir)
    assert ran.code == 2
    assert "MASTERIFY_KEEP_INPUT_H" in ran.err
    monkeypatch.setenv("REDIS_URL", "redis://:99999999")
    ran = masterify("serve", "--data-dir", data_dir)
    assert len(ran.err.splitlines()) == 1
    assert "\\n" not in ran.err
    assert "MASTERIFY_KEEP_INPUT_H must be" in ran.err
    assert " REDIS_URL must be an address" in ran.err
    assert not data_dir.exists()


def test_a_port_that_is_taken_is_said_before_anything_starts(data_dir):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for words in (("serve",), ("web",)):
            ran = masterify(*words, "--port", port, "--data-dir", data_dir)
            assert ran.code == 2
            assert f"port {port} of 127.0.0.1 cannot be listened on" in ran.err
            assert "Traceback" not in ran.err
    assert not (data_dir / "store").exists()


@pytest.mark.parametrize(
    "words", [("serve",), ("web",), ("worker",), ("keeper",), ("admin", "create-account", "--name", "a")]
)
@pytest.mark.parametrize(
    ("below", "said"), [("", "is a file"), ("/data", "lies below a file"), (None, "names no folder")]
)
def test_a_data_folder_that_cannot_be_one_is_said_at_once(data_dir, tmp_path, words, below, said):
    (tmp_path / "song.wav").write_bytes(b"song")
    ran = masterify(*words, "--data-dir", "" if below is None else f"{tmp_path}/song.wav{below}")
    assert ran.code == 2
    assert said in ran.err
    assert "bug" not in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that nobody may write to")
def test_a_data_folder_that_may_not_be_written_to_is_said_at_once(data_dir):
    ran = masterify("serve", "--data-dir", "/sys/kernel")
    assert ran.code == 2
    assert "/sys/kernel may not be written by this user; choose another by --data-dir" in ran.err


def test_a_store_that_does_not_answer_is_said_before_that_anything_listens(data_dir, monkeypatch):
    with socket.socket() as free:  # bound, and not listening
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free.getsockname()[1]}")
        for words in (("serve", "--port", "1"), ("worker",), ("keeper",), ("admin", "list-accounts")):
            ran = masterify(*words, "--data-dir", data_dir)
            assert ran.code == 3
            assert "the store does not answer" in ran.err
            assert "REDIS_URL leads to it" in ran.err
            assert "listens" not in ran.err


def test_whoever_only_looks_makes_no_store_in_a_folder_that_was_mistaken(data_dir):
    for words in (
        ("list-accounts",),
        ("reconcile",),
        ("export",),
        ("add-credits", "--account", "a", "--credits", "1"),
    ):
        ran = admin(data_dir, *words)
        assert ran.code == 2
        assert f"data folder {data_dir} holds no store; name that of the service by --data-dir" in ran.err
        assert not data_dir.exists()


def children_of(log):
    """Process ids that the log names as started."""
    return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", log.read_text())]


def test_one_command_serves_and_one_signal_ends_it(data_dir, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "serve.log"
    words = ["serve", "--port", str(port), "--data-dir", str(data_dir), "--workers", "1"]
    with log.open("wb") as said:
        serve = subprocess.Popen(
            [sys.executable, "-m", "masterify_cli", *words], stderr=said, stdout=said, cwd=ROOT
        )
    try:

        def ask(path, key="", body=None, **headers):
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            try:
                line.request(
                    "POST" if body else "GET", path, body, {"Authorization": f"Bearer {key}", **headers}
                )
                answer = line.getresponse()
                return answer.status, answer.read().decode()
            except OSError:
                return 0, ""
            finally:
                line.close()

        until(lambda: ask("/readyz")[0] == 200, 120)
        key = until(lambda: re.search("aim_live_[0-9a-f]{32}", log.read_text()))[0]
        head = '--b\r\nContent-Disposition: form-data; name="platforms"\r\n\r\nspotify\r\n'
        head += '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        body = head.encode() + SONG + b"\r\n--b--\r\n"
        status, answer = ask(
            "/api/v1/master", key, body, **{"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert status == 201, answer
        job = re.search('"job_id":"([^"]+)"', answer)[1]
        until(lambda: '"status":"done"' in ask(f"/api/v1/jobs/{job}", key)[1])
        assert made(data_dir)["plan"] == "starter"  # while it serves
        link = re.search(rf"http://127\.0\.0\.1:{port}(/dashboard/setup\?token=\S+)", log.read_text())[1]
        assert ask(link)[0] == 200
        assert link.partition("=")[2] not in log.read_text().replace(link, "")  # nor is it in the access log
        told = re.search("Another key: masterify (.*)", log.read_text())[1]
        assert masterify(*shlex.split(told), "--json").json["key"].startswith("aim_live_")
        refused = subprocess.run(
            [sys.executable, "-m", "masterify_cli", *words], capture_output=True, text=True, cwd=ROOT
        )
        assert refused.returncode == 3
        assert "served by another process" in refused.stderr
        (web,) = children_of(log)
        os.kill(web, signal.SIGKILL)
        until(lambda: len(children_of(log)) == 2 and ask("/readyz")[0] == 200)
    finally:
        serve.send_signal(signal.SIGINT)
        assert serve.wait(60) == 0, log.read_text()
    assert all(gone(pid) for pid in children_of(log))
    assert ask("/readyz")[0] == 0
    assert admin(data_dir, "reconcile").code == 0


def test_a_link_opens_the_dashboard_until_somebody_can_log_in(data_dir):
    settings = read_settings(data_dir=data_dir)
    first, second = (
        list(greeting.lines(settings, data_dir, "http://x")),
        list(greeting.lines(settings, None, "http://x")),
    )
    links = [
        re.search(r"http://x/dashboard/setup\?token=(\S+)", "\n".join(said))[1] for said in (first, second)
    ]
    assert links[0] != links[1]
    assert "aim_live_" in "\n".join(first)
    assert "aim_live_" not in "\n".join(second)
    with opened(settings) as store:
        assert store.do(setup.read_setup(links[0])) is None
        store.do(setup.use_setup(links[1], "ann@example.com", "hash"))
    said = list(greeting.lines(settings, data_dir, "http://x"))
    assert "The dashboard: http://x/dashboard" in said
    assert not any("token" in line for line in said)


@pytest.mark.parametrize(
    ("host", "public", "address"),
    [
        ("0.0.0.0", None, "http://127.0.0.1:8000"), ("::", None, "http://[::1]:8000"), ("::1", None, "http://[::1]:8000"),
        ("music.lan", None, "http://music.lan:8000"), ("0.0.0.0", "https://masterify.example", "https://masterify.example"),
    ],
)  # fmt: skip
def test_the_address_that_is_told_can_be_opened(host, public, address):
    assert greeting.address_of(Settings(public_url=public), host, 8000) == address

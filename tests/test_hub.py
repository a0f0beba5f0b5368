"""The flows of the Template Hub: whole, importable, without secrets, and as the repository holds them."""

import json
import re
import shutil
import subprocess
from urllib.parse import urlparse

import pytest

from masterify_server.hub import files, guides, n8n
from masterify_server.plans import load_plans

N8N = {name: json.loads(text) for name, text in files.texts().items() if ".n8n." in name}
MAKE = {name: json.loads(text) for name, text in files.texts().items() if ".make." in name}
# Types and versions that n8n 2.40 knows; a flow that names another would not import.
N8N_NODES = {
    "airtable": {2.1}, "airtableTrigger": {1}, "emailSend": {2.1}, "formTrigger": {2.2}, "googleDrive": {3},
    "googleDriveTrigger": {1}, "httpRequest": {4.2}, "if": {2.2}, "set": {3.4}, "slack": {2.2}, "splitInBatches": {3},
    "stickyNote": {1}, "wait": {1.1},
}  # fmt: skip
# As seen in public blueprints.
MAKE_MODULES = {
    "airtable:ActionUpdateRecords": 3, "airtable:TriggerWatchRecords": 3, "builtin:BasicRouter": 1, "gateway:CustomWebHook": 1,
    "google-drive:getAFile": 4, "google-drive:watchFilesInAFolder": 4, "google-email:sendAnEmail": 4, "http:ActionGetFile": 3,
    "http:ActionSendData": 3, "slack:CreateMessage": 4, "util:FunctionSleep": 1,
}  # fmt: skip
PLACEHOLDER_HOSTS = {"your-masterify", "hook.eu1.make.com"}


def modules(flow):
    for module in flow:
        yield module
        for route in module.get("routes", ()):
            yield from modules(route["flow"])


def test_the_files_in_the_repository_are_up_to_date():
    held = {path.name: path.read_text(encoding="utf-8") for path in files.FOLDER.glob("*.json")}
    assert held == dict(files.texts()), "run python -m masterify_server.hub.files"


def test_every_flow_comes_for_both_makers_and_both_ways():
    for flow in ("drive-to-slack", "airtable-queue", "form-to-email"):
        assert {f"{flow}.n8n.{way}.json" for way in ("webhook", "polling")} <= set(N8N)
        assert {f"{flow}.make.{part}.blueprint.json" for part in ("1-upload", "2-deliver", "polling")} <= set(
            MAKE
        )


@pytest.mark.parametrize("name", N8N)
def test_n8n_knows_every_node_and_every_connection_leads_somewhere(name):
    flow = N8N[name]
    names = [node["name"] for node in flow["nodes"]]
    assert len(set(names)) == len(names)
    assert len({node["id"] for node in flow["nodes"]}) == len(names)
    for node in flow["nodes"]:
        assert node["typeVersion"] in N8N_NODES[node["type"].removeprefix("n8n-nodes-base.")], node["name"]
    reached = set()
    for start, outputs in flow["connections"].items():
        assert start in names
        reached |= {link["node"] for links in outputs["main"] for link in links}
    assert reached <= set(names)
    starts = {node["name"] for node in flow["nodes"] if "Trigger" in node["type"] or "sticky" in node["type"]}
    assert set(names) - reached == starts


@pytest.mark.parametrize("name", N8N)
def test_what_an_expression_names_is_there(name):
    text = json.dumps(N8N[name])
    names = {node["name"] for node in N8N[name]["nodes"]}
    assert set(re.findall(r"\$\('([^']+)'\)", text)) <= names
    settings = next(node for node in N8N[name]["nodes"] if node["name"] == "Settings")
    given = {each["name"] for each in settings["parameters"]["assignments"]["assignments"]}
    assert set(re.findall(r"\$\('Settings'\)\.item\.json\.(\w+)", text)) <= given


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_what_stands_in_braces_for_n8n_is_javascript():
    found = {each for flow in N8N.values() for each in expressions(flow)}
    assert len(found) > 20
    checks = "".join(f"new Function({json.dumps(f'return ({each})')});\n" for each in sorted(found))
    done = subprocess.run(["node", "-e", checks], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def expressions(value):
    """What n8n evaluates: in texts that begin with ``=``, all between double braces."""
    if isinstance(value, str):
        yield from re.findall(r"{{(.*?)}}", value, re.S) if value.startswith("=") else ()
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from expressions(each)


@pytest.mark.parametrize("name", N8N)
def test_nodes_that_wait_have_an_address_of_their_own(name):
    waiting = [
        n
        for n in N8N[name]["nodes"]
        if n["type"].rpartition(".")[2] in ("wait", "formTrigger", "emailSend", "slack")
    ]
    assert waiting
    assert len({node["webhookId"] for node in waiting}) == len(waiting)


@pytest.mark.parametrize("name", N8N)
def test_credentials_are_asked_for_by_name_and_hold_nothing(name):
    for node in N8N[name]["nodes"]:
        for credential in node.get("credentials", {}).values():
            assert credential["name"]
            assert credential["id"] == ""


@pytest.mark.parametrize("name", [*N8N, *MAKE])
def test_no_flow_holds_a_secret_or_an_address_of_somebody(name):
    text = files.texts()[name]
    assert not re.search(r"aim_(live|test)_[0-9a-f]{32}|xox[bp]-|whsec_", text)
    for url in re.findall(r'https?://[^"\s{]+', text):
        assert urlparse(url).hostname in PLACEHOLDER_HOSTS, url


@pytest.mark.parametrize("name", MAKE)
def test_make_gets_known_modules_with_rising_ids(name):
    flow = list(modules(MAKE[name]["flow"]))
    assert [module["id"] for module in flow] == list(range(1, len(flow) + 1))
    for module in flow:
        assert MAKE_MODULES[module["module"]] == module["version"]


@pytest.mark.parametrize("name", MAKE)
def test_a_make_mapping_names_only_earlier_modules(name):
    for module in modules(MAKE[name]["flow"]):
        used = {
            int(number)
            for number in re.findall(r"\{\{(\d+)\.", json.dumps([module.get("mapper"), module.get("filter")]))
        }
        assert all(number < module["id"] for number in used), (module["id"], used)


@pytest.mark.parametrize("name", [*N8N, *MAKE])
def test_uploads_send_what_the_api_takes_and_a_key_against_doubles(name):
    text = files.texts()[name]
    if "2-deliver" in name:
        assert "/api/v1/master" not in text
        return
    assert "/api/v1/master" in text
    assert "Idempotency-Key" in text
    assert ("webhook_url" in text) == ("polling" not in name)


@pytest.mark.parametrize("language", guides.LANGUAGES)
def test_every_flow_has_a_whole_guide_in_both_languages(language):
    for guide in guides.guides(language):
        assert len(guide.n8n_files) == 2
        assert len(guide.make_files) == 3
        for part in (guide.needs, guide.n8n, guide.make, guide.notes):
            assert len(part) >= 3
            assert all(text.strip() for text in part)
        assert any("n8n 2." in each for each in guide.tested)
        assert not any("{" in each for each in guide.tested)
        assert set(guide.n8n_files) | set(guide.make_files) <= {
            f"{guide.name}.{part}{'.blueprint' * part.startswith('make')}.json"
            for part in guides.file_notes(language)
        }


@pytest.mark.parametrize("language", guides.LANGUAGES)
def test_the_pause_between_questions_is_told_and_lets_the_smallest_plan_ask(language):
    assert f"{n8n.PAUSE_S}" in guides.file_notes(language)["n8n.polling"]
    smallest = next(iter(load_plans().plans.values()))
    assert smallest.requests_per_minute > 60 / n8n.PAUSE_S


def test_the_guides_of_both_languages_say_as_much():
    for english, korean in zip(guides.guides("en"), guides.guides("ko"), strict=True):
        for part in ("needs", "n8n", "make", "notes", "tested"):
            assert len(getattr(english, part)) == len(getattr(korean, part))
        assert re.search("[가-힣]", korean.title + korean.summary)

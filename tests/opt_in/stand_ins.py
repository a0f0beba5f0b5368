"""Stand-ins for what needs an account elsewhere: Google Drive, Airtable and Slack in the Template Hub's n8n flows.

Every other node stays as it is in the file. Songs come from, and messages go to, a server of the test's own.
"""

import uuid


def with_stand_ins(flow, url):
    """The flow with its outside nodes replaced; it starts by a POST of ``{"files": [{"id", "name"}]}`` to ``/webhook/start``."""
    nodes, links = [], dict(flow["connections"])
    for node in flow["nodes"]:
        kind = node["type"].rpartition(".")[2]
        nodes += [_named(each, node) for each in MADE[kind](node, url)] if kind in MADE else [node]
    for before, after in BEFORE[
        next(node["type"].rpartition(".")[2] for node in flow["nodes"] if "Trigger" in node["type"])
    ]:
        links[before] = {"main": [[{"node": after, "type": "main", "index": 0}]]}
    return {**flow, "nodes": nodes, "connections": links}


def _named(made, node):
    return {
        "position": node["position"], "id": str(uuid.uuid4()), "webhookId": str(uuid.uuid4()), "name": node["name"], **made,
    }  # fmt: skip


def _start():
    parameters = {"httpMethod": "POST", "path": "start", "responseMode": "onReceived", "options": {}}
    return {"name": "Start", "type": "n8n-nodes-base.webhook", "typeVersion": 2.1, "parameters": parameters}


def _rows(**more):
    parameters = {"fieldToSplitOut": "body.files", "options": {}}
    return {"type": "n8n-nodes-base.splitOut", "typeVersion": 1, "parameters": parameters, **more}


def _fetch(url, binary, **more):
    response = {"response": {"response": {"responseFormat": "file", "outputPropertyName": binary}}}
    parameters = {"url": f"={url}/songs/{{{{ $json.id }}}}", "options": response}
    return {"type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "parameters": parameters, **more}


def _say(url, values):
    fields = [{"name": name, "value": value} for name, value in values.items()]
    parameters = {
        "method": "POST", "url": f"{url}/told", "sendBody": True, "bodyParameters": {"parameters": fields}, "options": {},
    }  # fmt: skip
    return {"type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "parameters": parameters}


def _new_row(node, url):
    values = [
        {"id": "1", "name": "id", "type": "string", "value": "={{ $('Rows').item.json.id }}"},
        {"id": "2", "name": "fields", "type": "object", "value": "={{ { Name: $('Rows').item.json.name, Platforms: '' } }}"},
    ]  # fmt: skip
    parameters = {
        "assignments": {"assignments": values},
        "includeOtherFields": True,
        "options": {"stripBinary": False},
    }
    row = {"type": "n8n-nodes-base.set", "typeVersion": 3.4, "parameters": parameters}
    return [_start(), _rows(name="Rows"), _fetch(url, "Mix_0", name="Fetch"), row]


MADE = {
    "googleDriveTrigger": lambda node, url: [_start(), _rows()],
    "googleDrive": lambda node, url: [_fetch(url, "data")],
    "airtableTrigger": _new_row,
    "slack": lambda node, url: [_say(url, {"text": node["parameters"]["text"]})],
    "airtable": lambda node, url: [_say(url, node["parameters"]["columns"]["value"])],
}
BEFORE = {
    "googleDriveTrigger": [("Start", "New file in folder")],
    "airtableTrigger": [("Start", "Rows"), ("Rows", "Fetch"), ("Fetch", "New row")],
}

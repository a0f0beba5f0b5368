"""Builds n8n workflows: nodes in a row, a branch at the end, one node that holds every setting.

Node types and versions are those of n8n 2.40; older versions of nodes are named where they import more widely.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Table = dict[str, Any]

API_KEY = {"httpBearerAuth": {"id": "", "name": "Masterify API key"}}
MOST_MINUTES = 30  # that a flow waits for a job
PAUSE_S = 15  # four questions a minute: the smallest plan allows five requests
WISHES = ("platforms", "genre", "ai_service", "tier")
STEP_PX, ROW_PX = 240, 200
SETTINGS, CREATE, REFUSED, RESULT = "Settings", "Create mastering job", "Refused", "Result"
DONE, DOWNLOAD, LOOP = "Done?", "Download master", "One by one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node: ``kind`` without its package, and what leads on from it (a list of names for each output)."""

    name: str
    kind: str
    version: float
    parameters: Table = field(default_factory=dict)
    to: Sequence[Sequence[str]] = ()
    credentials: Table | None = None
    more: Table = field(default_factory=dict)


def workflow(name: str, rows: Sequence[Sequence[Node]], notes: str) -> Table:
    """Lay out nodes row by row; ``notes`` stand on a sticky note above them."""
    scope = uuid.uuid5(uuid.NAMESPACE_URL, f"masterify/{name}")
    nodes: list[Table] = [
        {
            "parameters": {"content": notes, "width": 4 * STEP_PX, "height": 220},
            "type": "n8n-nodes-base.stickyNote",
            "typeVersion": 1,
            "position": [0, -280],
            "id": str(uuid.uuid5(scope, "notes")),
            "name": "Read me",
        }
    ]
    for y, row in enumerate(rows):
        nodes += [_placed(node, scope, x, y) for x, node in enumerate(row)]
    links = {node.name: _link(node.to) for row in rows for node in row if node.to}
    return {
        "name": name,
        "nodes": nodes,
        "connections": links,
        "settings": {"executionOrder": "v1"},
        "pinData": {},
    }


def settings(values: Mapping[str, str], to: str) -> Node:
    """The one node that a user edits. The incoming file goes on with it."""
    assignments = [
        {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, key)), "name": key, "type": "string", "value": value}
        for key, value in values.items()
    ]
    return Node(
        name=SETTINGS, kind="set", version=3.4, to=[[to]],
        parameters={
            "assignments": {"assignments": assignments}, "includeOtherFields": True, "options": {"stripBinary": False},
        },
    )  # fmt: skip


def setting(name: str) -> str:
    """The expression of a setting."""
    return f"$('{SETTINGS}').item.json.{name}"


def one_by_one(to: str) -> Node:
    """Hand over one song, and the next when what comes after leads back here.

    A poll may bring several songs at once, but an execution waits for one call only, and a plan may allow one job at a time.
    """
    return Node(name=LOOP, kind="splitInBatches", version=3, to=[[], [to]], parameters={"options": {}})


def create_job(binary: str, to: str, *, calls_back: bool, key: str) -> Node:
    """Upload the song. ``binary`` names the incoming file; ``key`` is an expression that tells songs apart.

    Who is called back waits in this very execution: another one of the same song must not get this one's job.
    """
    parts = [
        "$workflow.id",
        *(["$execution.id"] if calls_back else []),
        key,
        *(setting(name) for name in WISHES),
    ]
    key_text = f"={{{{ encodeURIComponent([{', '.join(dict.fromkeys(parts))}].join(' ')).slice(0, 255) }}}}"
    fields: list[Table] = [
        {"parameterType": "formBinaryData", "name": "file", "inputDataFieldName": binary},
        *(
            {"parameterType": "formData", "name": name, "value": f"={{{{ {setting(name)} }}}}"}
            for name in WISHES
        ),
    ]
    if calls_back:
        fields.append(
            {"parameterType": "formData", "name": "webhook_url", "value": "={{ $execution.resumeUrl }}"}
        )
    return Node(
        name=CREATE, kind="httpRequest", version=4.2, to=[[to], [REFUSED]], credentials=API_KEY,
        parameters={
            "method": "POST", "url": f"={{{{ {setting('api_url')} }}}}/api/v1/master",
            "authentication": "genericCredentialType", "genericAuthType": "httpBearerAuth",
            "sendHeaders": True,
            "headerParameters": {"parameters": [
                {"name": "Idempotency-Key", "value": key_text},
                {"name": "Accept-Language", "value": f"={{{{ {setting('language')} }}}}"},
            ]},
            "sendBody": True, "contentType": "multipart-form-data", "bodyParameters": {"parameters": fields},
            "options": {"timeout": 300_000},
        },
        more={"retryOnFail": True, "maxTries": 3, "waitBetweenTries": 5000, "onError": "continueErrorOutput"},
    )  # fmt: skip


def refused(to: str) -> Node:
    """A song that the service did not take, as a result like others."""
    said = "($json.error?.message ?? '')"  # the status, and the answer as text in quotes
    why = f'={{{{ ({said}.match(/message\\\\?":\\\\?"([^"\\\\]+)/)?.[1] ?? {said}) || \'the song was refused\' }}}}'
    return _result(to, {"status": "failed", "error_message": why, "lufs": "", "download_url": ""}, REFUSED)


def wait_for_call(to: str) -> Node:
    """Sleep until the service calls back, at most half an hour."""
    return Node(
        name="Wait for Masterify", kind="wait", version=1.1, to=[[to]],
        parameters={
            "resume": "webhook", "httpMethod": "POST", "limitWaitTime": True, "limitType": "afterTimeInterval",
            "resumeAmount": MOST_MINUTES, "resumeUnit": "minutes", "options": {},
        },
    )  # fmt: skip


def result_of_call(to: str) -> Node:
    """What the webhook's body says; a flow that waited in vain says so."""
    return _result(
        to,
        {
            "status": "={{ $json.body?.status ?? 'timeout' }}",
            "error_message": f"={{{{ $json.body?.error_message || 'no answer within {MOST_MINUTES} minutes' }}}}",
            "lufs": _loudness("$json.body?.results"),
            "download_url": "={{ $json.body?.download_url ?? '' }}",
        },
    )


def polling(to: str) -> list[Node]:
    """Ask every few seconds until the job has ended."""
    get = Node(
        name="Get job", kind="httpRequest", version=4.2, to=[["Ended?"]], credentials=API_KEY,
        parameters={
            "url": f"={{{{ {setting('api_url')} }}}}/api/v1/jobs/{{{{ $('{CREATE}').item.json.job_id }}}}",
            "authentication": "genericCredentialType", "genericAuthType": "httpBearerAuth", "options": {},
        },
        more={"retryOnFail": True, "maxTries": 5, "waitBetweenTries": 5000},
    )  # fmt: skip
    ended = Node(
        name="Ended?", kind="if", version=2.2, to=[["Result"], ["Pause"]],
        parameters=_condition("={{ ['done', 'failed', 'canceled'].includes($json.status) ? 'yes' : 'no' }}", "yes"),
    )  # fmt: skip
    result = _result(
        to,
        {
            "status": "={{ $json.status }}",
            "error_message": "={{ $json.error?.message ?? '' }}",
            "lufs": _loudness("$json.results"),
            "download_url": "={{ $json.share_url ?? '' }}",
        },
    )
    return [pause(), get, ended, result]


def pause() -> Node:
    """Some seconds between two questions."""
    return Node(
        name="Pause",
        kind="wait",
        version=1.1,
        to=[["Get job"]],
        parameters={"amount": PAUSE_S, "unit": "seconds"},
    )


def done(yes: str, no: str) -> Node:
    """Part the finished from the failed."""
    return Node(
        name=DONE,
        kind="if",
        version=2.2,
        to=[[yes], [no]],
        parameters=_condition("={{ $json.status }}", "done"),
    )


def download(to: str) -> Node:
    """Fetch the master, or the ZIP of several, as the file ``master``."""
    return Node(
        name=DOWNLOAD, kind="httpRequest", version=4.2, to=[[to]], credentials=API_KEY,
        parameters={
            "url": f"={{{{ {setting('api_url')} }}}}/api/v1/jobs/{{{{ $('{CREATE}').item.json.job_id }}}}/download",
            "authentication": "genericCredentialType", "genericAuthType": "httpBearerAuth",
            "options": {"response": {"response": {"responseFormat": "file", "outputPropertyName": "master"}}},
        },
        more={"retryOnFail": True, "maxTries": 3, "waitBetweenTries": 5000},
    )  # fmt: skip


def _loudness(results: str) -> str:
    """The expression for what each master measures."""
    return f"={{{{ Object.values({results} ?? {{}}).map(r => r.title + ' ' + r.integrated_lufs + ' LUFS').join(', ') }}}}"


def _result(to: str, values: Mapping[str, str], name: str = RESULT) -> Node:
    assignments = [
        {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, key)), "name": key, "type": "string", "value": value}
        for key, value in values.items()
    ]
    return Node(
        name=name,
        kind="set",
        version=3.4,
        to=[[to]],
        parameters={"assignments": {"assignments": assignments}, "options": {}},
    )


def _condition(left: str, right: str) -> Table:
    """One text equals another."""
    options = {"caseSensitive": True, "leftValue": "", "typeValidation": "strict", "version": 2}
    operator = {"type": "string", "operation": "equals"}
    one = {"id": "is", "leftValue": left, "rightValue": right, "operator": operator}
    return {"conditions": {"options": options, "combinator": "and", "conditions": [one]}, "options": {}}


def _placed(node: Node, scope: uuid.UUID, x: int, y: int) -> Table:
    table = {
        "parameters": node.parameters, "type": f"n8n-nodes-base.{node.kind}", "typeVersion": node.version,
        "position": [x * STEP_PX, y * ROW_PX], "id": str(uuid.uuid5(scope, node.name)), "name": node.name, **node.more,
    }  # fmt: skip
    if node.kind in ("wait", "formTrigger", "slack", "emailSend"):
        table["webhookId"] = str(uuid.uuid5(scope, f"{node.name} webhook"))
    if node.credentials:
        table["credentials"] = node.credentials
    return table


def _link(outputs: Sequence[Sequence[str]]) -> Table:
    return {"main": [[{"node": name, "type": "main", "index": 0} for name in names] for names in outputs]}

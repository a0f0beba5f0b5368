"""Builds make.com blueprints: modules in a row, with the filters between them.

Modules and versions are those seen in public blueprints. Nobody has run these on make.com yet; the guides say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

Table = dict[str, Any]

API_URL, API_KEY = "https://YOUR-MASTERIFY", "aim_live_YOUR-KEY"
STEP_PX, ROW_PX = 300, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module; ``only_if`` is a filter before it: name, left side, right side."""

    name: str
    module: str
    version: int
    mapper: Table | None = None
    parameters: Table = field(default_factory=dict)
    only_if: tuple[str, str, str] | None = None
    routes: Sequence[Sequence[Module]] = ()


def blueprint(name: str, modules: Sequence[Module], *, instant: bool) -> Table:
    """Lay out modules; ids count from 1, so that ``{{1.id}}`` is the first one's."""
    scenario = {
        "roundtrips": 1, "maxErrors": 3, "autoCommit": True, "autoCommitTriggerLast": True, "sequential": False,
        "confidential": False, "dataloss": False, "dlq": False, "freshVariables": False,
    }  # fmt: skip
    return {
        "name": name,
        "flow": _flow(modules, count(1), 0),
        "metadata": {"instant": instant, "version": 1, "scenario": scenario, "designer": {"orphans": []}},
    }


def router(*routes: Sequence[Module]) -> Module:
    """Send each bundle down every route whose filter lets it pass."""
    return Module(name="Router", module="builtin:BasicRouter", version=1, routes=routes)


def hook(name: str) -> Module:
    """Start when somebody calls the scenario's own address."""
    return Module(
        name=name,
        module="gateway:CustomWebHook",
        version=1,
        mapper={},
        parameters={"hook": None, "maxResults": 1},
    )


def upload(
    file: int, *, data: str, file_name: str, key: str, call_back: str | None, platforms: str
) -> Module:
    """Create a mastering job with the file of module number ``file``."""
    fields: list[Table] = [
        {
            "key": "file", "fieldType": "file", "data": f"{{{{{file}.{data}}}}}", "fileName": f"{{{{{file}.{file_name}}}}}",
        },
        {"key": "platforms", "fieldType": "text", "value": platforms},
        {"key": "genre", "fieldType": "text", "value": "other"},
        {"key": "ai_service", "fieldType": "text", "value": "other"},
        {"key": "tier", "fieldType": "text", "value": "standard"},
    ]  # fmt: skip
    if call_back:
        fields.append({"key": "webhook_url", "fieldType": "text", "value": call_back})
    headers = [_bearer(), {"name": "Idempotency-Key", "value": key}]
    mapper = {
        **_request(f"{API_URL}/api/v1/master", "post", headers), "bodyType": "multipart_form_data", "formDataFields": fields,
    }  # fmt: skip
    return Module(
        name="Create mastering job",
        module="http:ActionSendData",
        version=3,
        mapper=mapper,
        parameters=_HANDLED,
    )


def get_job(created: int) -> Module:
    """Read the job that module number ``created`` made."""
    url = f"{API_URL}/api/v1/jobs/{{{{{created}.data.job_id}}}}"
    return Module(
        name="Get job",
        module="http:ActionSendData",
        version=3,
        mapper=_request(url, "get", [_bearer()]),
        parameters=_HANDLED,
    )


def download(url: str, only_if: tuple[str, str, str] | None = None, name: str = "Download master") -> Module:
    """Fetch a file: ``data`` and ``fileName`` of what follows."""
    mapper = {"url": url, "serializeUrl": False, "method": "get", "shareCookies": False}
    return Module(
        name=name, module="http:ActionGetFile", version=3, mapper=mapper,
        parameters={"handleErrors": True}, only_if=only_if,
    )  # fmt: skip


def sleep(seconds: int) -> Module:
    """Wait; make.com allows 300 s at most."""
    return Module(name="Sleep", module="util:FunctionSleep", version=1, mapper={"duration": seconds})


def slack(text: str) -> Module:
    """Write to a channel."""
    mapper = {"channelWType": "manualy", "channel": "#masters", "text": text, "parse": False, "mrkdwn": True}
    parameters = {"__IMTCONN__": None}
    return Module(
        name="Tell Slack", module="slack:CreateMessage", version=4, mapper=mapper, parameters=parameters
    )


def airtable_update(record: str, values: Table) -> Module:
    """Write fields of a row."""
    mapper = {
        "base": "YOUR-BASE-ID", "table": "YOUR-TABLE-ID", "id": record, "record": values, "typecast": True, "useColumnId": False,
    }  # fmt: skip
    return Module(
        name="Write row", module="airtable:ActionUpdateRecords", version=3, mapper=mapper, parameters={"__IMTCONN__": None},
    )  # fmt: skip


def email(
    to: str, subject: str, text: str, file: int | None, only_if: tuple[str, str, str] | None = None
) -> Module:
    """Send an e-mail, with the file of module number ``file``."""
    attachments = (
        [] if file is None else [{"fileName": f"{{{{{file}.fileName}}}}", "data": f"{{{{{file}.data}}}}"}]
    )
    mapper = {
        "to": [to], "subject": subject, "bodyType": "rawHtml", "content": text, "attachments": attachments, "cc": [], "bcc": [],
    }  # fmt: skip
    return Module(
        name="Send e-mail", module="google-email:sendAnEmail", version=4, mapper=mapper,
        parameters={"__IMTCONN__": None}, only_if=only_if,
    )  # fmt: skip


_HANDLED = {"handleErrors": True, "useNewZLibDeCompress": True}


def _bearer() -> Table:
    return {"name": "Authorization", "value": f"Bearer {API_KEY}"}


def _request(url: str, method: str, headers: list[Table]) -> Table:
    return {
        "url": url, "serializeUrl": False, "method": method, "headers": headers, "qs": [], "parseResponse": True,
        "authUser": "", "authPass": "", "timeout": "300", "shareCookies": False, "ca": "", "rejectUnauthorized": True,
        "followRedirect": True, "useQuerystring": False, "gzip": True, "useMtls": False,
    }  # fmt: skip


def _flow(modules: Sequence[Module], numbers: Iterator[int], row: int) -> list[Table]:
    return [_placed(module, numbers, column, row) for column, module in enumerate(modules)]


def _placed(module: Module, numbers: Iterator[int], column: int, row: int) -> Table:
    designer = {"x": column * STEP_PX, "y": row * ROW_PX, "name": module.name}
    table: Table = {
        "id": next(numbers), "module": module.module, "version": module.version, "parameters": module.parameters,
        "mapper": module.mapper, "metadata": {"designer": designer},
    }  # fmt: skip
    if module.only_if:
        name, left, right = module.only_if
        table["filter"] = {"name": name, "conditions": [[{"a": left, "o": "text:equal", "b": right}]]}
    if module.routes:
        table["routes"] = [
            {"flow": _flow(route, numbers, number)} for number, route in enumerate(module.routes)
        ]
    return table

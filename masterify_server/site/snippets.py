"""Writes an example of every operation in curl, Python and JavaScript, from the API's description."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from masterify_server.site.description import Operation
from masterify_server.site.samples import IDS

KEY = "MASTERIFY_API_KEY"
"""The environment variable that holds the key; ``masterify remote`` reads it, too."""
SONG = "song.wav"
GIVEN: Mapping[str, Mapping[str, Any]] = {
    "createJob": {
        "Idempotency-Key": "album-7-track-3", "platforms": "spotify,apple_music", "genre": "pop", "ai_service": "suno",
    },
    "listJobs": {"limit": 20, "status": "done"},
    "download": {"platform": "spotify"},
    "createWebhook": {
        "url": "https://example.com/hooks/masterify", "events": ["job.done", "job.failed"], "description": "Studio server",
    },
    "changeWebhook": {"events": ["job.done"], "enabled": True},
    "listDeliveries": {"limit": 20},
}  # fmt: skip
"""What examples send beside what their addresses need."""
SAVED_AS = {"download": "master.wav", "readReport": "report.html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to show. ``saved_as`` names the file that the answer goes to; ``answers`` is json, text, stream or none."""

    method: str
    url: str
    headers: Mapping[str, str]
    answers: str
    saved_as: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def needs_key(self) -> bool:
        """Whether it carries a key."""
        return "Authorization" in self.headers


def snippets(operation: Operation, origin: str) -> dict[str, str]:
    """One example for each of `LANGUAGES`."""
    request = request_of(operation, origin)
    return {language: write(request) for language, (_, write) in LANGUAGES.items()}


def request_of(operation: Operation, origin: str) -> Request:
    """The request that the examples of an operation make."""
    given = GIVEN.get(operation.id, {})
    where = {each.name: each.where for each in operation.fields}

    def sent(place: str) -> dict[str, Any]:
        return {name: value for name, value in given.items() if where[name] == place}

    query = f"?{urlencode(sent('query'))}" if sent("query") else ""
    bearer = {"Authorization": f"Bearer ${KEY}"} if operation.needs_key else {}
    return Request(
        method=operation.method, url=origin + operation.path.format_map(IDS) + query, headers={**bearer, **sent("header")},
        answers=_answers(operation.answers[0].kinds), saved_as=SAVED_AS.get(operation.id, ""), form=sent("form"),
        body=sent("body") or None,
    )  # fmt: skip


def _answers(kinds: tuple[str, ...]) -> str:
    """How an answer of these media types is read."""
    if "text/event-stream" in kinds:
        return "stream"
    return "json" if kinds == ("application/json",) else "text" if kinds else "none"


def curl(request: Request) -> str:
    """For a shell."""
    method = [f"-X {request.method}"] if request.method not in ("GET", "POST") or not _sends(request) else []
    words = [
        *([] if request.method == "GET" else method),
        *(["-N"] if request.answers == "stream" else []),
        *(f'-H "{name}: {value}"' for name, value in request.headers.items()),
        *([f"-F file=@{SONG}"] if request.form else []),
        *(f"-F {name}={value}" for name, value in request.form.items()),
    ]
    if request.body is not None:
        words += [
            '-H "Content-Type: application/json"',
            f"-d '{json.dumps(request.body, ensure_ascii=False)}'",
        ]
    if request.saved_as:
        words.append(f"-o {request.saved_as}")
    return " \\\n  ".join([f'curl --fail-with-body "{request.url}"', *words])


def python(request: Request) -> str:
    """For Python with requests."""
    headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
    lines = ["import os", ""] if request.needs_key else []
    lines += ["import requests", ""]
    if request.needs_key:
        bearer = f'"Authorization": f"Bearer {{os.environ[\'{KEY}\']}}"'
        lines.append(
            f"headers = {{{', '.join([bearer, *(f'{_quoted(n)}: {_quoted(v)}' for n, v in headers.items())])}}}"
        )
    words = [_quoted(request.url), *(["headers=headers"] if request.needs_key else [])]
    if request.form:
        words += [f"data={_python(request.form)}", 'files={"file": song}']
    if request.body is not None:
        words.append(f"json={_python(request.body)}")
    if request.answers == "stream":
        words.append("stream=True")
    call = _broken(f"answer = requests.{request.method.lower()}(", words, ")")
    if request.form:
        lines += [f'with open("{SONG}", "rb") as song:', *(f"    {line}" for line in call)]
    else:
        lines += call
    lines.append("answer.raise_for_status()")
    if request.saved_as:
        lines += [f'with open("{request.saved_as}", "wb") as file:', "    file.write(answer.content)"]
    elif request.answers == "stream":
        lines += ["for line in answer.iter_lines():", "    print(line.decode())"]
    elif request.answers != "none":
        lines.append("print(answer.json())" if request.answers == "json" else "print(answer.text)")
    return "\n".join(lines)


def javascript(request: Request) -> str:
    """For Node.js 18 or later; but for files the same in browsers and elsewhere."""
    lines = []
    if request.form or request.saved_as:
        reads = "readFile" if request.form else "writeFile"
        lines += [f'import {{ {reads} }} from "node:fs/promises";', ""]
    if request.form:
        lines += [
            "const form = new FormData();",
            f'form.append("file", new Blob([await readFile("{SONG}")]), "{SONG}");',
            *(f"form.append({_quoted(name)}, {_quoted(value)});" for name, value in request.form.items()),
        ]
    headers = [
        f"Authorization: `Bearer ${{process.env.{KEY}}}`"
        if name == "Authorization"
        else f"{_quoted(name)}: {_quoted(value)}"
        for name, value in request.headers.items()
    ]
    if request.body is not None:
        headers.append('"Content-Type": "application/json"')
    options = [
        *([] if request.method == "GET" else [f'method: "{request.method}"']),
        *([f"headers: {{ {', '.join(headers)} }}"] if headers else []),
        *(["body: form"] if request.form else []),
        *([f"body: JSON.stringify({_javascript(request.body)})"] if request.body is not None else []),
    ]
    if options:
        lines += [
            f"const answer = await fetch({_quoted(request.url)}, {{",
            *(f"  {each}," for each in options),
            "});",
        ]
    else:
        lines.append(f"const answer = await fetch({_quoted(request.url)});")
    lines.append("if (!answer.ok) throw new Error(await answer.text());")
    if request.saved_as:
        lines.append(f'await writeFile("{request.saved_as}", Buffer.from(await answer.arrayBuffer()));')
    elif request.answers == "stream":
        lines.append("for await (const chunk of answer.body) process.stdout.write(chunk);")
    elif request.answers != "none":
        lines.append(f"console.log(await answer.{'json' if request.answers == 'json' else 'text'}());")
    return "\n".join(lines)


LANGUAGES: Mapping[str, tuple[str, Callable[[Request], str]]] = {
    "curl": ("curl", curl), "python": ("Python", python), "javascript": ("JavaScript", javascript),
}  # fmt: skip
"""Titles and writers."""
LONGEST_LINE = 96


def _sends(request: Request) -> bool:
    return bool(request.form) or request.body is not None


def _broken(head: str, words: list[str], tail: str) -> list[str]:
    """A call on one line, or with an argument a line."""
    line = head + ", ".join(words) + tail
    return [line] if len(line) <= LONGEST_LINE else [head, *(f"    {word}," for word in words), tail]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _python(value: Any) -> str:
    return _quoted_all(value, {True: "True", False: "False", None: "None"}, _quoted)


def _javascript(value: Any) -> str:
    return _quoted_all(value, {True: "true", False: "false", None: "null"}, str)


def _quoted_all(value: Any, words: Mapping[bool | None, str], name: Callable[[str], str]) -> str:
    """A value as a literal; ``name`` writes the names of an object's fields."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{name(key)}: {_quoted_all(held, words, name)}" for key, held in value.items())
        return f"{{{inside}}}" if name is _quoted else f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(_quoted_all(held, words, name) for held in value)}]"
    if value is None or isinstance(value, bool):
        return words[value]
    return _quoted(value) if isinstance(value, str) else str(value)

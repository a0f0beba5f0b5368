"""``/static``: styles, scripts and pictures that come along; addresses name the version, so browsers may keep them."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from masterify_core.report.controls import PLAYER
from masterify_server.errors import ApiError

FOLDER = Path(__file__).parents[1] / "static"
UNTIL_CHANGED, FOR_GOOD = "public, no-cache", "public, max-age=31536000, immutable"
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file in memory; ``version`` is made of its bytes."""

    content: bytes
    kind: str
    version: str


async def serve_static(request: Request) -> Response:
    """Send a file; one that the browser has already is not sent again."""
    found = _files().get(str(request.path_params["name"]))
    if found is None:
        raise ApiError("NOT_FOUND")
    tag = f'"{found.version}"'
    fixed = request.query_params.get("v") == found.version
    headers = {"ETag": tag, "Cache-Control": FOR_GOOD if fixed else UNTIL_CHANGED}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type=found.kind)


def address(name: str) -> str:
    """Where a file is, with its version."""
    return f"/static/{name}?v={_files()[name].version}"


@cache
def _files() -> dict[str, StaticFile]:
    """All of them, read once: few and small. Only these can be asked for."""
    own = {
        path.relative_to(FOLDER).as_posix(): _file(path)
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    return {**own, PLAYER.name: _file(PLAYER)}


def _file(path: Path) -> StaticFile:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return StaticFile(content, kind, hashlib.sha256(content).hexdigest()[:16])

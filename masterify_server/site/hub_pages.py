"""``/templates``: the Template Hub as pages: what there is, a guide for each flow, and the files to import."""

from __future__ import annotations

from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.errors import ApiError
from masterify_server.hub.contents import contents
from masterify_server.hub.files import texts
from masterify_server.hub.guides import Guide, Language, file_notes, guides
from masterify_server.site.pages import cached, language_of, page


async def index(request: Request) -> Response:
    """All flows, and how to choose between their variants."""
    return page(request, "hub.html", guides=_guides(request), files=_about(request))


async def flow_page(request: Request) -> Response:
    """One flow: checklist, steps, what will be seen, what was tested."""
    found = {guide.name: guide for guide in _guides(request)}.get(request.path_params["flow"])
    if found is None:
        raise ApiError("NOT_FOUND")
    held = {name: contents(name) for name in (*found.n8n_files, *found.make_files)}
    return page(request, "flow.html", guide=found, files=_about(request), contents=held)


async def download(request: Request) -> Response:
    """One file to import, under its name."""
    name = request.path_params["name"]
    if name not in texts():
        raise ApiError("NOT_FOUND")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return cached(request, texts()[name].encode(), "application/json", headers)


def _guides(request: Request) -> tuple[Guide, ...]:
    return guides(cast(Language, language_of(request)))


def _about(request: Request) -> dict[str, str]:
    """What each file is for, by its name."""
    notes = file_notes(cast(Language, language_of(request)))
    return {
        name: notes[name.removesuffix(".json").removesuffix(".blueprint").partition(".")[2]]
        for name in texts()
    }

"""The addresses of the site. They are pages, not part of the API, and so not in its description."""

from __future__ import annotations

from masterify_server.api.routing import resource
from masterify_server.site import hub_pages

ROUTES = [
    resource("/templates", GET=hub_pages.index),
    resource("/templates/{flow}", GET=hub_pages.flow_page),
    resource("/templates/files/{name}", GET=hub_pages.download),
]

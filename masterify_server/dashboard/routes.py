"""Addresses of the dashboard. They stand apart from the API's: openapi.yaml describes those, and only those."""

from __future__ import annotations

from masterify_server.api.routing import resource
from masterify_server.dashboard import appearance, login, overview, setup, static_files
from masterify_server.dashboard.guard import anyone, signed_in
from masterify_server.dashboard.sessions import HOME

ROUTES = [
    resource("/", GET=overview.lead_home),
    resource("/static/{name:path}", GET=static_files.serve_static),
    resource(HOME, GET=signed_in(overview.show_overview)),
    resource(f"{HOME}/login", GET=anyone(login.show_login), POST=anyone(login.log_in)),
    resource(f"{HOME}/setup", GET=anyone(setup.show_setup), POST=anyone(setup.set_up)),
    resource(f"{HOME}/logout", POST=signed_in(login.log_out)),
    resource(f"{HOME}/appearance", POST=anyone(appearance.change_appearance)),
]

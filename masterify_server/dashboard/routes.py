"""Addresses of the dashboard. They stand apart from the API's: openapi.yaml describes those, and only those."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from masterify_server.api.routing import resource
from masterify_server.dashboard import (
    account,
    api_keys,
    appearance,
    ledger,
    login,
    overview,
    setup,
    song_routes,
    static_files,
    webhook_log,
    webhooks,
)
from masterify_server.dashboard.guard import Visit, anyone, signed_in
from masterify_server.dashboard.sessions import HOME
from masterify_server.errors import ApiError

HOOK = f"{HOME}/webhooks/{{webhook_id}}"


async def nothing_here(_request: Request, _visit: Visit) -> Response:
    """There is no such page."""
    raise ApiError("NOT_FOUND")


ROUTES = [
    resource("/", GET=overview.lead_home),
    resource("/static/{name:path}", GET=static_files.serve_static),
    resource(HOME, GET=signed_in(overview.show_overview)),
    resource(f"{HOME}/login", GET=anyone(login.show_login), POST=anyone(login.log_in)),
    resource(f"{HOME}/setup", GET=anyone(setup.show_setup), POST=anyone(setup.set_up)),
    resource(f"{HOME}/logout", POST=signed_in(login.log_out)),
    resource(f"{HOME}/keys", GET=signed_in(api_keys.show_keys), POST=signed_in(api_keys.create_key)),
    resource(f"{HOME}/keys/{{key_id}}/name", POST=signed_in(api_keys.rename_key)),
    resource(f"{HOME}/keys/{{key_id}}/rotate", POST=signed_in(api_keys.rotate_key)),
    resource(f"{HOME}/keys/{{key_id}}/revoke", POST=signed_in(api_keys.revoke_key)),
    resource(f"{HOME}/webhooks", GET=signed_in(webhooks.show_hooks), POST=signed_in(webhooks.create_hook)),
    resource(HOOK, GET=signed_in(webhooks.show_hook), POST=signed_in(webhooks.change_hook)),
    resource(f"{HOOK}/switch", POST=signed_in(webhooks.switch_hook)),
    resource(f"{HOOK}/secret", POST=signed_in(webhooks.rotate_secret)),
    resource(f"{HOOK}/delete", POST=signed_in(webhooks.delete_hook)),
    resource(f"{HOOK}/test", POST=signed_in(webhook_log.test_hook)),
    resource(f"{HOOK}/deliveries/{{delivery_id}}/replay", POST=signed_in(webhook_log.replay)),
    resource(f"{HOME}/credits", GET=signed_in(ledger.show_ledger)),
    resource(f"{HOME}/account", GET=signed_in(account.show_account)),
    resource(f"{HOME}/account/password", POST=signed_in(account.change_password)),
    resource(f"{HOME}/account/sessions/end", POST=signed_in(account.end_session)),
    resource(f"{HOME}/account/sessions/end-others", POST=signed_in(account.end_others)),
    *song_routes.ROUTES,
    resource(f"{HOME}/appearance", POST=anyone(appearance.change_appearance)),
]
LAST = [Route(f"{HOME}/{{rest:path}}", signed_in(nothing_here))]
"""After all others: an address that is not there is told on a page with the menu, to who is logged in."""

"""Whether a webhook is to be believed: its signature and its age, for those who receive it."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from masterify_core.errors import MasterifyError

TOLERANCE_S = 300


class WebhookError(MasterifyError):
    """A webhook that is not to be believed."""

    code = "webhook"


def verify_webhook(
    secret: str, headers: Mapping[str, str], body: bytes, *, now_s: float | None = None
) -> dict[str, Any]:
    """Check a webhook's signature and age; the answer is what it says.

    Parameters
    ----------
    secret
        ``whsec_…``, as it was shown once.
    headers
        Of the request, names in any case.
    body
        As it was received, not parsed and written again.
    now_s
        Seconds since 1970; the clock's by default.

    Raises
    ------
    WebhookError
        A header is missing, it is older than five minutes, or we did not sign it.

    References
    ----------
    Standard Webhooks 1.0, "Verifying webhooks".
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"].split()
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        age_s = (time.time() if now_s is None else now_s) - int(sent)
    except KeyError as missing:
        raise WebhookError(f"the header {missing} is missing") from None
    except (ValueError, binascii.Error):
        raise WebhookError("the secret or the time is not one") from None
    if abs(age_s) > TOLERANCE_S:
        raise WebhookError(f"it is {age_s:.0f} s old: more than {TOLERANCE_S} s is not believed")
    digest = hmac.digest(key, f"{message_id}.{sent}.".encode() + body, sha256)
    wanted = "v1," + base64.b64encode(digest).decode()
    if not any(hmac.compare_digest(wanted.encode(), each.encode()) for each in signatures):
        raise WebhookError("the signature is not ours")
    said: dict[str, Any] = json.loads(body)
    return said

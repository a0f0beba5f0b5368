"""Webhook endpoints over the API: made, shown without their secret, changed, tested, replaced, removed."""

import pytest

from masterify_server.store import deliveries, hooks
from tests import stores, webs


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web"), webhook_allow_hosts=("localhost",)) as running:
        yield running


URL = "http://localhost:9/hook"


def post(web, path="/webhooks", key="", **rest):
    return web.call("POST", f"/api/v1{path}", key, **rest)


def refused(answer, status, code, param=None):
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("param")) == (status, code, param), answer.text


@pytest.fixture
def hook(web):
    made = post(web, json={"url": URL, "description": "슬랙"}).json()
    yield made
    web.call("DELETE", f"/api/v1/webhooks/{made['id']}")


def test_an_endpoint_shows_its_secret_once(web):
    answer = post(web, json={"url": URL, "events": ["job.done", "job.done"]})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/webhooks/{made['id']}"
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["events"] == ["job.done"]
    assert web.get(f"/webhooks/{made['id']}").json() == made
    assert secret not in web.get("/webhooks").text
    assert made in web.get("/webhooks").json()["webhooks"]


def test_an_endpoint_is_told_of_everything_unless_it_says_otherwise(hook):
    assert hook["events"] == list(hooks.EVENTS)
    assert (hook["enabled"], hook["description"]) == (True, "슬랙")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "url"),
        ({"url": URL, "x": 1}, "x"),
        ({"url": 5}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["job.started"]}, "events"),
        ({"url": URL, "events": "job.done"}, "events"),
        ({"url": URL, "events": [{}]}, "events"),
        ({"url": URL, "description": "x" * 201}, "description"),
        ({"url": URL, "description": "a\n"}, "description"),
    ],
)
def test_wrong_fields_are_named(web, body, param):
    refused(post(web, json=body), 400, "INVALID_PARAMETER", param)


@pytest.mark.parametrize(
    "body", [b"nonsense", b"[]", b"\xff", b'{"url": "' + b"x" * 20_000 + b'"}', b"[" * 10_000]
)
def test_a_body_that_is_no_small_json_object_is_refused(web, body):
    refused(post(web, content=body), 400, "INVALID_PARAMETER")


@pytest.mark.parametrize("end", [":tries", "%3Atries", ":", "x:tries", "|evt_1"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/secret"), ("GET", "/deliveries"),
        ("POST", "/deliveries/evt_1/replay"),
    ],
)  # fmt: skip
def test_what_belongs_to_an_endpoint_is_no_endpoint(web, hook, end, method, path):
    web.store.redis.xadd(f"{web.store.prefix}hook:{hook['id']}:tries", {"a": "b"})
    refused(web.call(method, f"/api/v1/webhooks/{hook['id']}{end}{path}", json={}), 404, "NOT_FOUND")
    assert web.get(f"/webhooks/{hook['id']}").json().items() <= hook.items()


@pytest.mark.parametrize("url", ["", "http://10.0.0.1/", "ftp://localhost/", "http://localhost@10.0.0.1/"])
def test_addresses_are_checked(web, hook, url):
    refused(post(web, json={"url": url}), 400, "INVALID_WEBHOOK_URL", "url")
    refused(
        web.call("PATCH", f"/api/v1/webhooks/{hook['id']}", json={"url": url}),
        400,
        "INVALID_WEBHOOK_URL",
        "url",
    )


def test_what_is_given_is_changed_and_the_rest_stays(web, hook):
    path = f"/api/v1/webhooks/{hook['id']}"
    changed = web.call("PATCH", path, json={"enabled": False, "events": ["job.failed"]}).json()
    assert (changed["enabled"], changed["events"], changed["url"]) == (False, ["job.failed"], URL)
    assert changed["disabled_at"]
    assert web.call("PATCH", path, json={"enabled": True}).json()["disabled_at"] is None
    refused(web.call("PATCH", path, json={"enabled": "yes"}), 400, "INVALID_PARAMETER", "enabled")


def test_a_test_message_is_queued_and_can_be_sent_again(web, hook):
    answer = post(web, f"/webhooks/{hook['id']}/test")
    assert (answer.status_code, answer.json()["event"]) == (202, "webhook.test")
    (due,) = [d for d in web.store.do(deliveries.take_deliveries()) if d.webhook_id == hook["id"]]
    tried = deliveries.delivery_tried(
        due.delivery_id,
        delivered=False,
        status=500,
        error=None,
        took_ms=7,
        delay_ms=None,
        gone=False,
        patience_ms=10**9,
        keep_ms=10**6,
    )
    web.store.do(tried)
    (row,) = web.get(f"/webhooks/{hook['id']}/deliveries").json()["deliveries"]
    assert (row["id"], row["http_status"], row["delivered"], row["try"]) == (
        answer.json()["id"],
        500,
        False,
        1,
    )
    assert post(web, f"/webhooks/{hook['id']}/deliveries/{row['id']}/replay").status_code == 202
    assert [d.message_id for d in web.store.do(deliveries.take_deliveries())] == [row["id"]]
    refused(post(web, f"/webhooks/{hook['id']}/deliveries/evt_none/replay"), 404, "NOT_FOUND")
    refused(
        web.get(f"/webhooks/{hook['id']}/deliveries", params={"limit": "0"}),
        400,
        "INVALID_PARAMETER",
        "limit",
    )


def test_a_replaced_secret_is_new_and_shown_once(web, hook):
    body = post(web, f"/webhooks/{hook['id']}/secret").json()
    assert body["secret"].startswith("whsec_")
    assert body["secret"] != hook["secret"]


def test_what_is_sent_to_a_job_s_own_address_is_logged_sent_again_and_verified_like_others(web):
    secret = post(web, "/webhooks/job/secret").json()
    assert (secret["id"], secret["secret"][:6]) == ("job", "whsec_")
    job_id = web.master(webhook_url=URL).json()["job_id"]
    web.call("DELETE", f"/api/v1/jobs/{job_id}")
    (due,) = [d for d in web.store.do(deliveries.take_deliveries()) if d.webhook_id == "job"]
    assert due.secrets[0] == secret["secret"]
    assert len(due.secrets) == 2  # the old one signs, too, for a day
    tried = deliveries.delivery_tried(
        due.delivery_id, delivered=True, status=204, error=None, took_ms=7, delay_ms=None, gone=False,
        patience_ms=1, keep_ms=10**6,
    )  # fmt: skip
    web.store.do(tried)
    (row,) = web.get("/webhooks/job/deliveries").json()["deliveries"]
    assert (row["job_id"], row["delivered"]) == (job_id, True)
    replay = f"/webhooks/job/deliveries/{row['id']}/replay"
    other = stores.key(web.store, stores.account(web.store)).secret
    refused(post(web, replay, other), 404, "NOT_FOUND")
    assert web.get("/webhooks/job/deliveries", other).json()["deliveries"] == []
    assert post(web, replay).status_code == 202
    assert [d.message_id for d in web.store.do(deliveries.take_deliveries())] == [row["id"]]
    refused(post(web, "/webhooks/job/deliveries/evt_none/replay"), 404, "NOT_FOUND")


def test_another_account_s_endpoint_does_not_exist(web, hook):
    other = stores.key(web.store, stores.account(web.store)).secret
    path = f"/api/v1/webhooks/{hook['id']}"
    for method, tail in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("POST", "/secret"),
        ("GET", "/deliveries"),
        ("POST", "/deliveries/evt_1/replay"),
    ):
        refused(
            web.call(method, path + tail, other, json={"url": URL} if method == "PATCH" else None),
            404,
            "NOT_FOUND",
        )
    assert web.get(f"/webhooks/{hook['id']}").status_code == 200


def test_a_removed_endpoint_is_gone(web, hook):
    assert web.call("DELETE", f"/api/v1/webhooks/{hook['id']}").status_code == 204
    refused(web.get(f"/webhooks/{hook['id']}"), 404, "NOT_FOUND")
    refused(web.call("DELETE", f"/api/v1/webhooks/{hook['id']}"), 404, "NOT_FOUND")


def test_the_plan_limits_endpoints(web):
    free = stores.key(web.store, stores.account(web.store, "free")).secret
    assert post(web, key=free, json={"url": URL}).status_code == 201
    refused(post(web, key=free, json={"url": URL}), 409, "WEBHOOK_LIMIT")

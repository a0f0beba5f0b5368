"""What holds for every answer: keys, envelope, languages, headers, limits; and that every message exists."""

import ast
import re
import string
import uuid
from pathlib import Path

import pytest

from masterify_server import surroundings, wording
from masterify_server.crowd import MOST_OF_ONE
from masterify_server.errors import STATUSES
from masterify_server.refusals import UnavailableError
from masterify_server.store import keys
from masterify_server.wording import language_of, table
from tests import stores, webs

SERVER = Path(__file__).parents[1] / "masterify_server"
UNKNOWN = "aim_live_" + "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web")) as running:
        yield running


def error_of(answer, status, code):
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), answer.text
    assert set(answer.json()) == {"error"}
    assert set(error) <= {"code", "message", "request_id", "param"}
    assert error["request_id"] == answer.headers["x-request-id"]
    return error


def test_every_bad_key_gets_one_and_the_same_answer(web):
    revoked = stores.key(web.store, web.account)
    assert web.store.do(keys.revoke_key(web.account, revoked.key_id, "test"))
    given = [
        None, "", "Bearer", "Bearer ", web.key, f"Basic {web.key}", f"Bearer {UNKNOWN}", f"Bearer {web.key[:-1]}",
        f"Bearer {web.key}0",
        f"Bearer {web.key.upper()}", f"Bearer  {web.key}", f"Bearer {web.key} x", f"Bearer {revoked.secret}",
        f"Bearer {stores.key(web.store, web.account, 'test').secret}", "Bearer " + "x" * 9000,
    ]  # fmt: skip
    seen = set()
    for header in given:
        answer = web.client.get(
            "/api/v1/account", headers={} if header is None else {"Authorization": header}
        )
        error = error_of(answer, 401, "INVALID_API_KEY")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        seen.add((error["message"], error.get("param")))
    assert len(seen) == 1


def test_every_resource_of_the_api_asks_for_a_key(web):
    from masterify_server.app import ROUTES

    asked = 0
    for route in ROUTES:
        if route.path.startswith("/api/v1"):
            path = route.path.format(job_id=uuid.uuid4(), webhook_id="whk_1", delivery_id="evt_1")
            for method in set(route.endpoint.endpoints) - {"HEAD"}:
                error_of(web.client.request(method, path), 401, "INVALID_API_KEY")
                asked += 1
    assert asked > 12


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/api/v1/nothing", "/api/v2/jobs", "/api/v1/jobs/../../etc/passwd", "/api/v1/account/"],
)
def test_unknown_addresses_answer_with_the_envelope(web, path):
    error_of(web.client.get(path, follow_redirects=False), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/master", "POST"), ("PUT", "/jobs", "GET, HEAD"), ("POST", "/account", "GET, HEAD"),
        ("POST", "/jobs/8b0c6d5e-5a43-4f0e-9a51-2f6d0c3a7e11", "DELETE, GET, HEAD"), ("OPTIONS", "/webhooks", "GET, HEAD, POST"),
        ("PROPFIND", "/jobs", "GET, HEAD"),
    ],
)  # fmt: skip
def test_other_methods_are_refused_and_the_known_ones_named(web, method, path, allowed):
    answer = web.call(method, f"/api/v1{path}")
    error_of(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "ko"), ("", "ko"), ("ko", "ko"), ("ko-KR,ko;q=0.9,en;q=0.5", "ko"), ("en", "en"), ("en-US,en;q=0.9", "en"),
        ("en;q=0.1, ko;q=0.9", "ko"), ("fr", "en"), ("fr, en;q=0.5", "en"), ("*", "ko"), (";;;q=x,,", "ko"), ("en;q=0", "en"),
        ("en;q=nan", "en"), ("en_US", "en"), ("KO", "ko"), ("en;q=2", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_asked_for(web, accept, language):
    assert language_of(accept) == language
    answer = web.client.get("/nothing", headers={} if accept is None else {"Accept-Language": accept})
    assert answer.headers["content-language"] == language
    assert answer.json()["error"]["message"] == wording.message("NOT_FOUND", language)


def test_every_answer_carries_its_id_and_the_security_headers(web):
    answers = [web.client.get(path) for path in ("/healthz", "/docs", "/nothing", "/api/v1/jobs")] + [
        web.get("/jobs")
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


def test_a_client_cannot_choose_the_request_id(web):
    answer = web.client.get("/healthz", headers={"X-Request-Id": "mine"})
    assert answer.headers["x-request-id"] != "mine"


def test_the_rate_limit_is_kept_counted_over_all_keys_and_told(web):
    account = stores.account(web.store, "free")
    first = stores.key(web.store, account).secret
    left = []
    for _ in range(5):
        answer = web.client.get("/api/v1/account", headers={"Authorization": f"Bearer {first}"})
        assert answer.status_code == 200
        left.append(int(answer.headers["x-ratelimit-remaining"]))
    assert left == [4, 3, 2, 1, 0]
    assert answer.headers["ratelimit-policy"] == '"default";q=5;w=60'
    answer = web.client.get(
        "/api/v1/account", headers={"Authorization": f"Bearer {first}", "Accept-Language": "en"}
    )
    error = error_of(answer, 429, "RATE_LIMIT")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["retry-after"] in error["message"]
    assert answer.headers["ratelimit"].startswith('"default";r=0;t=')


def test_no_account_takes_all_the_places(web):
    crowd = web.services.crowd
    for _ in range(MOST_OF_ONE):  # that all are free shows that earlier requests have left
        assert crowd.enter(web.account)
    answer = web.get("/account", headers={"Accept-Language": "en"})
    assert "at the same time" in error_of(answer, 429, "RATE_LIMIT")["message"]
    assert int(answer.headers["retry-after"]) > 0
    assert web.client.get("/healthz").status_code == 200
    crowd.leave(web.account)
    assert web.get("/account").status_code == 200
    for _ in range(MOST_OF_ONE - 1):
        crowd.leave(web.account)


def test_a_deployment_may_ask_for_a_higher_plan(tmp_path):
    with webs.web(tmp_path, api_min_plan="pro") as web:
        low = stores.key(web.store, stores.account(web.store, "starter")).secret
        error_of(web.get("/account", low), 403, "PLAN_REQUIRED")
        assert web.get("/account").status_code == 200


def test_a_key_does_what_its_scopes_allow(web):
    made = keys.new_key()
    web.store.do(keys.create_key(web.account, made, "reader", stores.PLANS, "test", scopes=("jobs:read",)))
    assert web.get("/jobs", made.secret).status_code == 200
    error_of(web.master(key=made.secret), 403, "SCOPE_REQUIRED")


def test_a_fault_of_ours_is_told_without_its_inside(web, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("secret inside")

    monkeypatch.setattr("masterify_server.api.account.accounts.read_account", broken)
    answer = web.get("/account")
    error_of(answer, 500, "INTERNAL_ERROR")
    assert "secret" not in answer.text
    assert "secret inside" in caplog.text


def test_the_account_shows_plan_limits_and_use(web):
    body = web.get("/account").json()
    assert (body["plan"], body["limits"]["webhooks"], body["limits"]["concurrent_jobs"]) == (
        "studio",
        None,
        10,
    )
    assert body["costs"] == {"standard": 1, "premium": 2}
    assert body["use"]["api_keys"] >= 1
    assert "whsec_" not in str(body)


def test_health_readiness_and_metrics_answer(web):
    assert web.client.get("/healthz").json() == {"status": "ok"}
    assert web.client.get("/readyz").status_code == 200
    page = web.client.get("/metrics")
    assert page.status_code == 200
    assert 'route="/healthz"' in page.text
    assert "masterify_store" in page.text


def test_what_jobs_need_must_be_there_to_be_ready(web, monkeypatch):
    def away():
        raise UnavailableError("the bucket does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(web.services.storage, "check", away)
        error_of(web.client.get("/readyz"), 503, "UNAVAILABLE")
    web.store.redis.incr(f"{web.store.prefix}schema")  # a newer program has been here
    error_of(web.client.get("/readyz"), 503, "UNAVAILABLE")
    web.store.redis.decr(f"{web.store.prefix}schema")
    assert web.client.get("/readyz").status_code == 200


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_everything_with_the_same_facts():
    korean, english = table("ko"), table("en")
    assert korean.keys() == english.keys()
    for key in korean:
        assert placeholders(korean[key]) == placeholders(english[key]), key
        assert re.search("[가-힣]", korean[key]), key
        assert not re.search("[가-힣]", english[key]), key
        assert english[key].endswith("."), key


def raised():
    """Every ``ApiError("CODE", "detail", ...)`` in the server's code, with the facts that it gives."""
    for path in SERVER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiError":
                words = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
                facts = {keyword.arg for keyword in node.keywords}
                yield path.name, words, facts


def test_every_refusal_has_its_words_and_gives_the_facts_they_need():
    found = list(raised())
    assert len(found) > 40
    for place, words, facts in found:
        assert words[0] in STATUSES, place
        details = [words[1]] if len(words) > 1 else [""]
        if details == [None]:  # chosen at run time: any of the code's
            continue
        key = f"{words[0]}.{details[0]}" if details[0] else words[0]
        assert key in table("en"), f"{place}: {key}"
        assert placeholders(table("en")[key]) <= facts | {"param"} or None in facts, f"{place}: {key}"


def test_every_code_has_words():
    assert {key.partition(".")[0] for key in table("en")} == set(STATUSES)
    assert set(STATUSES) <= set(table("en"))


def test_every_header_is_sent_once_and_the_nearest_to_the_answer_wins():
    answer = {
        "headers": [
            (b"cache-control", b"private"),
            (b"x-request-id", b"theirs"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
        ]
    }
    state = {"request_id": "req_1", "headers": {"Referrer-Policy": "origin", "Cache-Control": "public"}}
    surroundings._complete(answer, {"scheme": "https"}, state)
    names = [name for name, _ in answer["headers"]]
    sent = dict(answer["headers"])
    assert [name for name in names if names.count(name) > 1] == [b"set-cookie"] * 2
    assert (sent[b"cache-control"], sent[b"referrer-policy"], sent[b"x-request-id"]) == (
        b"private",
        b"origin",
        b"req_1",
    )
    assert b"strict-transport-security" in sent

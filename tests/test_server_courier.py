"""Webhooks on their way: when they are tried again, and that a slow host holds up nobody else."""

import base64
import hashlib
import hmac
import json
import threading

import pytest

from masterify_server import courier
from masterify_server.courier import Courier
from masterify_server.outbound import Sent
from masterify_server.settings import Settings
from masterify_server.store import deliveries, hooks, jobs, lifecycle
from tests import stores
from tests.deployments import until

DAY_S = 86_400


@pytest.fixture
def store():
    return stores.fresh()


def messages(store, account, count, url):
    for _ in range(count):
        job = stores.admit(store, account, webhook_url=url, cost=0)
        store.do(jobs.cancel_job(job.job_id, account))


def courier_of(store, tmp_path, send):
    return Courier(store, Settings(data_dir=tmp_path, public_url="https://m.example"), send)


def test_tries_go_on_for_more_than_a_day_whatever_the_jitter():
    shortest = sum(courier.SCHEDULE_S) * (1 - courier.JITTER)
    assert shortest > DAY_S
    assert list(courier.SCHEDULE_S) == sorted(courier.SCHEDULE_S)
    assert courier.next_delay_s(len(courier.SCHEDULE_S)) is None
    delays = {courier.next_delay_s(0) for _ in range(200)}
    assert 4.0 <= min(delays) < max(delays) <= 6.0


def test_a_message_is_signed_and_worded_as_documented(store, tmp_path):
    account, told = stores.account(store), []
    made = store.do(
        hooks.create_hook(
            account, hooks.new_webhook_id(), "https://h.example/", hooks.EVENTS, "", stores.PLANS, "t"
        )
    )
    messages(store, account, 1, None)
    carrier = courier_of(store, tmp_path, lambda *sent: told.append(sent) or Sent(204, None, 3))
    assert carrier.deliver_due() == 1
    carrier.stop()
    ((url, headers, body, _),) = told
    assert url == "https://h.example/"
    assert json.loads(body)["event"] == "job.canceled"
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    (tried,) = store.do(deliveries.read_deliveries(account, made.webhook_id))
    assert (tried.delivered, tried.status, tried.next_ms) == (True, 204, None)


@pytest.mark.parametrize(
    ("public_url", "reached"), [("https://m.example", "https://m.example"), (None, "https://in.example:8443")]
)
def test_links_lead_where_the_deployment_says_or_else_where_the_request_came_in(
    store, tmp_path, public_url, reached
):
    account, told = stores.account(store), []
    job = stores.admit(store, account, webhook_url="https://h.example/", base_url="https://in.example:8443")
    store.do(lifecycle.claim(job.job_id, "w"))
    keep = lifecycle.Keep(input_ms=1000, output_ms=1000)
    results = [{"platform": "spotify", "file": "spotify.wav"}]
    store.do(lifecycle.end_done(job.job_id, 1, keep, measured={}, results=results, archive=None))
    settings = Settings(data_dir=tmp_path, public_url=public_url)
    carrier = Courier(store, settings, lambda *sent: told.append(sent) or Sent(204, None, 3))
    assert carrier.deliver_due() == 1
    carrier.stop()
    body = json.loads(told[0][2])
    for url in (body["download_url"], body["results"]["spotify"]["download_url"]):
        assert url.startswith(f"{reached}/api/v1/jobs/{job.job_id}/download?")


@pytest.mark.parametrize(
    "sent", [Sent(500, None, 1), Sent(302, None, 1), Sent(None, "no answer in time", 15_000)]
)
def test_what_is_not_delivered_is_tried_again_in_about_five_seconds(store, tmp_path, sent):
    account = stores.account(store)
    messages(store, account, 1, "https://h.example/")
    carrier = courier_of(store, tmp_path, lambda *_: sent)
    carrier.deliver_due()
    carrier.stop()
    (tried,) = store.do(deliveries.read_deliveries(account, deliveries.FOR_ONE_JOB))
    assert (tried.delivered, tried.status, tried.error) == (False, sent.status, sent.error)
    assert 3900 <= tried.next_ms - tried.at_ms <= 6100


class Slow:
    """Sends at once, but for hosts with "slow" in their name: they wait until they are woken."""

    def __init__(self):
        self.waking, self.begun, self.reached = threading.Event(), [], []

    def __call__(self, url, headers, body, settings):
        self.begun.append(url)
        if "slow" in url:
            self.waking.wait(30)
        self.reached.append(url)
        return Sent(200, None, 1)


@pytest.fixture
def sent(store, tmp_path):
    """Messages of many kinds, to be sent; and a courier that is stopped at the end."""
    send = Slow()
    send.courier = courier_of(store, tmp_path, send)
    yield send
    send.waking.set()
    send.courier.stop()


def test_a_slow_host_holds_up_nobody_else(store, sent):
    slow, quick = stores.account(store), stores.account(store)
    messages(store, slow, 300, "https://slow.example/")
    messages(store, quick, 5, "https://quick.example/")
    sent.courier.deliver_due()
    until(lambda: sent.reached == ["https://quick.example/"] * 5, 10)  # whoever is done takes the next
    until(lambda: sent.begun.count("https://slow.example/") >= courier.AT_ONCE_TO_ONE, 10)
    assert sent.begun.count("https://slow.example/") == courier.AT_ONCE_TO_ONE
    assert sent.courier.deliver_due() == 0
    sent.waking.set()
    until(lambda: sent.reached.count("https://slow.example/") == 300, 30)
    assert store.redis.zcard(f"{store.prefix}lines") == 0


def test_a_slow_endpoint_holds_up_no_other_of_its_account(store, sent):
    account = stores.account(store)
    for name in ("slow-1", "slow-2", "slow-3", "quick"):
        url = f"https://{name}.example/"
        store.do(hooks.create_hook(account, hooks.new_webhook_id(), url, hooks.EVENTS, "", stores.PLANS, "t"))
    messages(store, account, 40, None)
    sent.courier.deliver_due()
    until(lambda: sent.reached.count("https://quick.example/") == 40, 10)
    until(lambda: len(sent.begun) >= 40 + 3 * courier.AT_ONCE_TO_ONE, 10)
    assert len(sent.begun) == 40 + 3 * courier.AT_ONCE_TO_ONE


def test_an_account_with_many_slow_endpoints_leaves_threads_to_others(store, sent):
    account, other = stores.account(store), stores.account(store)
    for number in range(courier.AT_ONCE):
        url = f"https://slow-{number}.example/"
        store.do(hooks.create_hook(account, hooks.new_webhook_id(), url, hooks.EVENTS, "", stores.PLANS, "t"))
    messages(store, account, 1, None)
    messages(store, other, 1, "https://quick.example/")
    sent.courier.deliver_due()
    until(lambda: sent.reached == ["https://quick.example/"], 10)
    until(
        lambda: len(sent.begun) >= courier.AT_ONCE_OF_ONE + 1, 10
    )  # those of the slow ones may begin a moment later
    assert len(sent.begun) == courier.AT_ONCE_OF_ONE + 1


def test_many_accounts_with_one_slow_host_leave_threads_to_others(store, sent):
    for _ in range(courier.AT_ONCE):
        messages(store, stores.account(store), 2, "https://slow.example/")
    messages(store, stores.account(store), 1, "https://quick.example/")
    for _ in range(4):  # what has no room moves back in its line
        sent.courier.deliver_due()
    until(lambda: sent.reached == ["https://quick.example/"], 10)
    until(lambda: len(sent.begun) >= courier.AT_ONCE_TO_HOST + 1, 10)
    assert len(sent.begun) == courier.AT_ONCE_TO_HOST + 1


def test_a_fault_of_ours_neither_loses_the_message_nor_the_thread(store, tmp_path):
    account = stores.account(store)
    messages(store, account, 1, "https://h.example/")

    def broken(*_):
        raise ZeroDivisionError

    carrier = courier_of(store, tmp_path, broken)
    assert carrier.deliver_due() == 1
    carrier.stop()
    assert store.redis.zcard(f"{store.prefix}line:{account}|{deliveries.FOR_ONE_JOB}") == 1

"""Calls to addresses that users name: only public hosts, pinned, bounded; and signatures that libraries verify."""

import json
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from masterify_server import addresses, outbound, webhooks
from masterify_server.store.accounts import new_webhook_secret
from masterify_server.store.deliveries import Delivery


@dataclass(frozen=True)
class Rules:
    webhook_allow_hosts: tuple[str, ...] = ()


HOSTILE = [
    "ftp://example.com/x", "file:///etc/passwd", "javascript:alert(1)", "http://", "http:///x", "not a url", "//example.com/x",
    "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0.0.0.0/",
    "http://0/", "http://localhost/", "http://LOCALHOST./", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[fe80::1]/", "http://[fe80::1%25lo]/",
    "http://[fc00::1]/", "http://[ff02::1]/", "http://[::127.0.0.1]/", "http://[2001:0:1::1]/", "http://10.0.0.1/", "http://172.16.0.1/",
    "http://192.168.1.1/", "http://169.254.169.254/latest/", "http://[fd00:ec2::254]/", "http://100.64.0.1/", "http://168.63.129.16/",
    "http://192.0.2.1/", "http://198.18.0.1/", "http://224.0.0.1/", "http://255.255.255.255/", "http://user:pass@8.8.8.8/",
    "http://example.com@127.0.0.1/", "http://127.0.0.1#@example.com/", "http://127.0.0.1\\@example.com/", "http://１２７.0.0.1/",
    "http://127。0。0。1/", "http://example.com:0/", "http://example.com:99999/", "http://exa\r\nmple.com/", "https://127.0.0.1/",
    "", "http://8.8.8.8/" + "x" * 3000, "http://[1.2.3.4]/",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_addresses_are_never_called(url):
    with pytest.raises(addresses.BlockedError):
        addresses.resolve(addresses.parse(url))
    sent = outbound.send(url, {}, b"", Rules())
    assert sent.status is None
    assert sent.error


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111"])
def test_public_addresses_are_public(address):
    assert addresses.is_public(address)


def answers(monkeypatch, *found):
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)


def test_one_private_answer_among_public_ones_is_enough_to_refuse(monkeypatch):
    answers(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(addresses.BlockedError):
        addresses.resolve(addresses.parse("http://example.com/"))


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(0.5) or [])
    with pytest.raises(TimeoutError):
        addresses.resolve(addresses.parse("http://example.com/"), timeout_s=0.05)


@contextmanager
def listener(answer):
    """A server on loopback that calls ``answer(connection, request)`` once a connection; yields address and requests."""
    got = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    request = b""
                    while b"\r\n\r\n" not in request:
                        request += connection.recv(65536)
                    got.append(request)
                    with suppress(OSError):
                        answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://localhost:{server.getsockname()[1]}/hook", got
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


LOCAL = Rules(("localhost",))


def test_a_host_that_the_deployment_allows_is_called():
    with listener(lambda c: c.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")) as (url, got):
        sent = outbound.send(
            url, {"webhook-id": "evt_1", "Content-Type": "application/json"}, b'{"a":1}', LOCAL
        )
    assert (sent.status, sent.error) == (204, None)
    head = got[0].decode().lower()
    assert "post /hook http/1.1" in head
    assert "host: localhost:" in head
    assert "webhook-id: evt_1" in head


def test_redirects_are_not_followed():
    with listener(
        lambda c: c.sendall(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")
    ) as (url, got):
        assert outbound.send(url, {}, b"", LOCAL).status == 302
    assert len(got) == 1


def test_the_connection_goes_where_the_first_look_up_said(monkeypatch):
    with listener(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as (url, _):
        asked = []
        real = socket.getaddrinfo

        def once(host, *rest, **more):
            asked.append(host)
            if asked.count("localhost") > 1:
                raise AssertionError("looked up again")
            return real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", once)
        assert outbound.send(url, {}, b"", LOCAL).status == 200
    assert asked.count("localhost") == 1


def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(60):
        connection.sendall(b"X: y\r\n")
        time.sleep(0.05)


def test_headers_that_drip_in_are_cut_off(monkeypatch):
    monkeypatch.setattr(outbound, "TOTAL_S", 0.4)
    with listener(drip) as (url, _):
        sent = outbound.send(url, {}, b"", LOCAL)
    assert (sent.status, sent.error) == (None, "no answer in time")
    assert sent.ms < 1500


def test_an_endless_answer_still_counts_by_its_status():
    def flood(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(40):
            connection.sendall(b"4000\r\n" + bytes(0x4000) + b"\r\n")

    with listener(flood) as (url, _):
        sent = outbound.send(url, {}, b"", LOCAL)
    assert sent.status == 200


def test_headers_without_end_are_cut_off():
    def flood(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(200):
            connection.sendall(b"X: " + b"y" * 4000 + b"\r\n")

    with listener(flood) as (url, _):
        assert outbound.send(url, {}, b"", LOCAL).status is None


def test_what_is_no_http_is_told():
    with listener(lambda c: c.sendall(b"SSH-2.0-hello\r\n")) as (url, _):
        assert outbound.send(url, {}, b"", LOCAL).error == "the answer is not HTTP"


def test_a_closed_port_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    sent = outbound.send(f"http://localhost:{port}/", {}, b"", LOCAL)
    assert sent.status is None
    assert sent.error.startswith("no connection")


def delivery(**changes):
    plain = {
        "delivery_id": "d", "account_id": "acc_1", "webhook_id": "whk_1", "url": "https://example.com", "event": "webhook.test",
        "message_id": "evt_1", "tries": 0, "created_ms": 1_790_000_000_000, "secrets": (new_webhook_secret(),), "job": None,
    }  # fmt: skip
    return Delivery(**(plain | changes))


def test_signatures_verify_with_the_standard_library_of_webhooks():
    old, new = new_webhook_secret(), new_webhook_secret()
    message = delivery(secrets=(new, old))
    body = webhooks.body_of(message, "https://m.example", "s")
    headers = webhooks.headers_of(message, body, int(datetime.now(UTC).timestamp()))
    for secret in (old, new):
        assert Webhook(secret).verify(body.decode(), headers)["event"] == "webhook.test"
    with pytest.raises(Exception, match="signature"):
        Webhook(new_webhook_secret()).verify(body.decode(), headers)


def test_a_message_has_the_documented_fields_at_the_top():
    body = json.loads(webhooks.body_of(delivery(), "https://m.example", "s"))
    assert {"event", "job_id", "status", "error_message", "id", "created_at"} <= set(body)

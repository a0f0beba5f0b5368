"""Run the form flow of the Template Hub in a real n8n against a real service, all on this machine. Not part of the tests.

``python -m tests.opt_in.run_in_n8n --n8n PATH/node_modules/.bin/n8n --node PATH/bin [--way polling]``

It starts ``masterify serve``, n8n and a mail sink on loopback addresses, downloads every n8n flow of the Template Hub from
the service and imports it, makes the credentials, posts a song to the form as a client would, and ends with 0 if the mail
with the master arrived.
"""

import argparse
import asyncio
import email
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from email import policy
from pathlib import Path

from masterify_server.hub.files import texts
from tests.cli import write_song

LIMIT_S = 180.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MailSink:
    """Takes every mail and keeps it."""

    def __init__(self):
        self.port, self.mails = free_port(), []
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()

    async def _serve(self):
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, limit=1 << 26)
        await server.serve_forever()

    async def _talk(self, reader, writer):
        async def say(text):
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        await say("220 sink")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                await say("354 go on")
                self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-5])
                await say("250 kept")
            elif verb == "AUTH":
                await say("235 welcome")
            elif verb == "EHLO":
                writer.write(b"250-sink\r\n250 AUTH PLAIN LOGIN\r\n")
            elif verb == "QUIT":
                await say("221 bye")
                break
            else:
                await say("250 ok")
        writer.close()


def until(found, what):
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            if answer := found():
                return answer
        except OSError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"{what}: not within {LIMIT_S:g} s")


def downloaded(api_url, name):
    """A file as the Template Hub gives it."""
    with urllib.request.urlopen(f"{api_url}/templates/files/{name}", timeout=10) as answer:
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        return json.load(answer)


def answers(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.status == 200


def post_form(url, song):
    """What a browser sends: the file and the address."""
    edge = uuid.uuid4().hex
    name = "Content-Disposition: form-data; name="
    head = f'--{edge}\r\n{name}"field-0"; filename="{song.name}"\r\nContent-Type: audio/wav\r\n\r\n'
    tail = f'\r\n--{edge}\r\n{name}"field-1"\r\n\r\nclient@example.com\r\n--{edge}--\r\n'
    parts = [head.encode(), song.read_bytes(), tail.encode()]
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    request = urllib.request.Request(url, b"".join(parts), headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status


def prepared(flow, api_url):
    """The flow as a user fills it in: settings, credentials."""
    for node in flow["nodes"]:
        for each in node["parameters"].get("assignments", {}).get("assignments", ()):
            if each["name"] == "api_url":
                each["value"] = api_url
        for kind, credential in node.get("credentials", {}).items():
            credential["id"] = {"httpBearerAuth": "masterifyKey0001", "smtp": "masterifySmtp001"}[kind]
    return {**flow, "id": "MasterifyForm001", "active": False}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--n8n", required=True)
    parser.add_argument("--node", required=True, help="folder of the program node")
    parser.add_argument("--way", default="webhook", choices=("webhook", "polling"))
    parser.add_argument(
        "--refused", action="store_true", help="send what is no song: the client must be told"
    )
    wish = parser.parse_args()
    room, mail = Path(tempfile.mkdtemp(prefix="masterify-n8n-")), MailSink()
    api_port, n8n_port = free_port(), free_port()
    api_url, n8n_url = f"http://127.0.0.1:{api_port}", f"http://127.0.0.1:{n8n_port}"
    environment = {
        **os.environ, "PATH": f"{wish.node}{os.pathsep}{os.environ['PATH']}", "N8N_USER_FOLDER": str(room / "n8n"),
        "N8N_DIAGNOSTICS_ENABLED": "false", "N8N_LISTEN_ADDRESS": "127.0.0.1", "N8N_PORT": str(n8n_port),
        "WEBHOOK_URL": f"{n8n_url}/", "N8N_RUNNERS_BROKER_PORT": str(free_port()), "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
        "MASTERIFY_WEBHOOK_ALLOW_HOSTS": "127.0.0.1,localhost",
    }  # fmt: skip
    (room / "n8n").mkdir()
    command = [sys.executable, "-m", "masterify_cli"]
    children = [
        subprocess.Popen(
            [*command, "serve", "--port", str(api_port), "--data-dir", str(room / "data")], env=environment
        )
    ]
    try:
        until(lambda: answers(f"{api_url}/readyz"), "masterify")
        create = [
            *command,
            "admin",
            "create-account",
            "--name",
            "n8n",
            "--plan",
            "pro",
            "--credits",
            "5",
            "--json",
        ]
        made = subprocess.run(
            [*create, "--data-dir", str(room / "data")], capture_output=True, text=True, check=True
        )
        name = f"form-to-email.n8n.{wish.way}.json"
        flow = prepared(downloaded(api_url, name), api_url)
        others = [downloaded(api_url, other) for other in texts() if ".n8n." in other and other != name]
        others = [{**other, "id": f"MasterifyOther{number:02}"} for number, other in enumerate(others)]
        token = json.loads(made.stdout)["key"]
        credentials = [
            {"id": "masterifyKey0001", "name": "Masterify API key", "type": "httpBearerAuth", "data": {"token": token}},
            {
                "id": "masterifySmtp001", "name": "SMTP", "type": "smtp",
                "data": {
                    "host": "127.0.0.1", "port": mail.port, "secure": False, "disableStartTls": True, "user": "", "password": "",
                },
            },
        ]  # fmt: skip
        for kind, table in (("credentials", credentials), ("workflow", [flow, *others])):
            path = room / f"{kind}.json"
            path.write_text(json.dumps(table), encoding="utf-8")
            subprocess.run([wish.n8n, f"import:{kind}", f"--input={path}"], env=environment, check=True)
        subprocess.run([wish.n8n, "publish:workflow", "--id=MasterifyForm001"], env=environment, check=True)
        children.append(subprocess.Popen([wish.n8n, "start"], env=environment))
        until(lambda: answers(f"{n8n_url}/form/masterify-form"), "n8n")
        began = time.monotonic()
        song = write_song(room / "my mix.wav", seconds=3.0)
        if wish.refused:
            song.write_bytes(b"no song at all")
        until(lambda: post_form(f"{n8n_url}/form/masterify-form", song), "the form")
        until(lambda: mail.mails, "the mail")
        message = email.message_from_bytes(mail.mails[0], policy=policy.default)
        version = subprocess.run(
            [wish.n8n, "--version"], env=environment, capture_output=True, text=True, check=True
        )
        sys.stdout.write(f"n8n {version.stdout.strip()}, {1 + len(others)} flows imported, {wish.way}\n")
        files = {part.get_filename(): len(part.get_content()) for part in message.iter_attachments()}
        sys.stdout.write(
            f"after {time.monotonic() - began:.1f} s: {message['subject']!r} to {message['to']}, {files}\n"
        )
        sys.stdout.write(message.get_body().get_content() + "\n")
        return 0 if any(size > 10_000 for size in files.values()) != wish.refused else 1
    finally:
        for child in reversed(children):
            child.terminate()
        for child in children:
            child.wait(30)


if __name__ == "__main__":
    sys.exit(main())

"""Run the n8n flows of the Template Hub in a real n8n against a real service, all on this machine. Not part of the tests.

``python -m tests.opt_in.run_in_n8n --n8n PATH/node_modules/.bin/n8n --node PATH/bin [--flow drive-to-slack] [--way polling]``

It starts ``masterify serve``, n8n and sinks on loopback addresses, downloads every n8n flow of the Template Hub from the
service and imports it, makes the credentials, and starts one: a form is sent as a client would, with a song or with what
is none (``--refused``); in the others stand-ins for Drive, Airtable and Slack bring two songs and a file that is none at
once. It ends with 0 if everybody was told what they should be.

n8n 2.40.5 was installed with Node.js 24.19.0: ``package.json`` with ``"overrides": {"xlsx": "0.18.5"}``, ``npm install
--ignore-scripts n8n@2.40.5``, then ``npm rebuild sqlite3``.
"""

import argparse
import asyncio
import contextlib
import email
import http.server
import json
import os
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
from tests.deployments import until
from tests.lines import free_port
from tests.opt_in.stand_ins import with_stand_ins
from tests.services import service

LIMIT_S = 180.0
FORM, ID = "form-to-email", "MasterifyFlow001"
SONGS = ("first", "second", "no song")


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


@contextlib.contextmanager
def others_place(songs):
    """What stands in for Drive, Airtable and Slack: gives songs, and keeps what it is told."""
    told = []

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(songs[urllib.request.unquote(self.path).removeprefix("/songs/")], "audio/wav")

        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"{}", "application/json")

        def _answer(self, body, kind):
            self.send_response(200)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", told
        server.shutdown()


def downloaded(api_url, name):
    """A file as the Template Hub gives it."""
    with urllib.request.urlopen(f"{api_url}/templates/files/{name}", timeout=10) as answer:
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        return json.load(answer)


def filled_in(flow, api_url):
    """The flow as a user fills it in: settings, credentials."""
    for node in flow["nodes"]:
        for each in node["parameters"].get("assignments", {}).get("assignments", ()):
            if each["name"] == "api_url":
                each["value"] = api_url
        for kind, credential in node.get("credentials", {}).items():
            credential["id"] = {"httpBearerAuth": "masterifyKey0001", "smtp": "masterifySmtp001"}.get(
                kind, ""
            )
    return {**flow, "id": ID, "active": False}


def credentials(key, mail_port):
    smtp = {
        "host": "127.0.0.1",
        "port": mail_port,
        "secure": False,
        "disableStartTls": True,
        "user": "",
        "password": "",
    }
    return [
        {
            "id": "masterifyKey0001",
            "name": "Masterify API key",
            "type": "httpBearerAuth",
            "data": {"token": key},
        },
        {"id": "masterifySmtp001", "name": "SMTP", "type": "smtp", "data": smtp},
    ]


@contextlib.contextmanager
def n8n(wish, room, tables):
    """A running n8n with what it imported, the first flow switched on: its address and its version."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ, "PATH": f"{wish.node}{os.pathsep}{os.environ['PATH']}", "N8N_USER_FOLDER": str(room),
        "N8N_DIAGNOSTICS_ENABLED": "false", "N8N_LISTEN_ADDRESS": "127.0.0.1", "N8N_PORT": str(port),
        "WEBHOOK_URL": f"{url}/", "N8N_RUNNERS_BROKER_PORT": str(free_port()), "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    }  # fmt: skip

    def run(*words):
        ran = subprocess.run(
            [wish.n8n, *words], env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return ran.stdout.strip()

    for kind, table in tables.items():
        path = room / f"{kind}.json"
        path.write_text(json.dumps(table), encoding="utf-8")
        run(f"import:{kind}", f"--input={path}")
    run("publish:workflow", f"--id={ID}")
    running = subprocess.Popen([wish.n8n, "start"], env=environment)
    try:
        until(lambda: answers(f"{url}/healthz"), LIMIT_S)
        yield url, run("--version").splitlines()[-1]
    finally:
        running.terminate()
        running.wait(30)


def answers(url, body=None, kind="application/json"):
    """Whether something is answered there with 200."""
    request = urllib.request.Request(url, body, {"Content-Type": kind} if body else {})
    with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status == 200


def send_form(url, song):
    """What a browser sends: the file and the address."""
    edge = uuid.uuid4().hex
    name = "Content-Disposition: form-data; name="
    head = f'--{edge}\r\n{name}"field-0"; filename="{song.name}"\r\nContent-Type: audio/wav\r\n\r\n'
    tail = f'\r\n--{edge}\r\n{name}"field-1"\r\n\r\nclient@example.com\r\n--{edge}--\r\n'
    body = b"".join([head.encode(), song.read_bytes(), tail.encode()])
    return answers(f"{url}/form/masterify-form", body, f"multipart/form-data; boundary={edge}")


def told_by_mail(mail, refused):
    until(lambda: mail.mails, LIMIT_S)
    message = email.message_from_bytes(mail.mails[0], policy=policy.default)
    files = {part.get_filename(): len(part.get_content()) for part in message.iter_attachments()}
    sys.stdout.write(
        f"{message['subject']!r} to {message['to']}, {files}\n{message.get_body().get_content()}\n"
    )
    return any(size > 10_000 for size in files.values()) != refused


def told_elsewhere(told):
    until(lambda: len(told) == len(SONGS), LIMIT_S)
    lines = [json.dumps(each, ensure_ascii=False) for each in told]
    sys.stdout.write("\n".join(lines) + "\n")
    mastered = [line for line in lines if "LUFS" in line and "/download?" in line]
    refused = [line for line in lines if "MP3, WAV" in line]
    return all(any(name in line for line in (refused if name == SONGS[2] else mastered)) for name in SONGS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--n8n", required=True)
    parser.add_argument("--node", required=True, help="folder of the program node")
    parser.add_argument("--flow", default=FORM, choices=(FORM, "drive-to-slack", "airtable-queue"))
    parser.add_argument("--way", default="webhook", choices=("webhook", "polling"))
    parser.add_argument("--refused", action="store_true", help="send what is no song by the form")
    wish = parser.parse_args()
    room, mail = Path(tempfile.mkdtemp(prefix="masterify-n8n-")), MailSink()
    made = {name: write_song(room / f"{name}.wav", seconds=2.0 + n) for n, name in enumerate(SONGS)}
    made[SONGS[2]].write_bytes(b"no song at all")
    held = {name: path.read_bytes() for name, path in made.items()}
    with (
        service(room / "data", webhook_allow_hosts="127.0.0.1,localhost") as (api_url, key),
        others_place(held) as (outside, told),
    ):
        name = f"{wish.flow}.n8n.{wish.way}.json"
        flow = filled_in(downloaded(api_url, name), api_url)
        flow = flow if wish.flow == FORM else with_stand_ins(flow, outside)
        others = [downloaded(api_url, other) for other in texts() if ".n8n." in other and other != name]
        flows = [flow, *({**other, "id": f"MasterifyOther{n:02}"} for n, other in enumerate(others))]
        tables = {"credentials": credentials(key, mail.port), "workflow": flows}
        with n8n(wish, room, tables) as (url, version):
            sys.stdout.write(f"n8n {version}: {len(flows)} flows imported; {name}\n")
            began = time.monotonic()
            if wish.flow == FORM:
                until(lambda: answers(f"{url}/form/masterify-form"), LIMIT_S)
                until(lambda: send_form(url, made[SONGS[2] if wish.refused else SONGS[0]]), LIMIT_S)
                good = told_by_mail(mail, wish.refused)
            else:
                files = json.dumps({"files": [{"id": each, "name": each} for each in SONGS]}).encode()
                until(lambda: answers(f"{url}/webhook/start", files), LIMIT_S)
                good = told_elsewhere(told)
            sys.stdout.write(f"after {time.monotonic() - began:.1f} s: {'good' if good else 'WRONG'}\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

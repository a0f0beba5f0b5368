"""The three flows for make.com: by webhook two scenarios each (upload, deliver), by polling one."""

from __future__ import annotations

from masterify_server.hub.make import (
    Module,
    Table,
    airtable_update,
    blueprint,
    download,
    email,
    get_job,
    hook,
    router,
    slack,
    sleep,
    upload,
)

HOOK = "https://hook.eu1.make.com/YOUR-DELIVER-HOOK"
WAIT_S = 120
ATTACHED = "<p>Your master is attached.</p>"
IS_DONE, IS_FAILED = ("Done", "{{1.status}}", "done"), ("Failed", "{{1.status}}", "failed")


def drive_to_slack() -> dict[str, Table]:
    """A song put into a Google Drive folder is mastered; Slack gets the link."""
    start = Module(
        name="New file in folder", module="google-drive:watchFilesInAFolder", version=4, mapper={},
        parameters={
            "__IMTCONN__": None, "select": "create", "destination": "drive", "folderId": "", "mimeType": "all", "limit": 1,
        },
    )  # fmt: skip
    mix = Module(
        name="Download mix", module="google-drive:getAFile", version=4, mapper={"select": "map", "file": "{{1.id}}"},
        parameters={"__IMTCONN__": None},
    )  # fmt: skip

    def created(call_back: str | None) -> Module:
        return upload(
            2,
            data="data",
            file_name="name",
            key="drive-{{1.id}}",
            call_back=call_back,
            platforms="spotify,apple_music",
        )

    done = slack("Mastering {{1.status}}: {{1.download_url}}{{1.error_message}}")
    polled = [start, mix, created(None), sleep(WAIT_S), get_job(3)]
    return {
        "1-upload": blueprint(
            "Masterify: Google Drive to Slack 1/2, upload", [start, mix, created(HOOK)], instant=False
        ),
        "2-deliver": blueprint(
            "Masterify: Google Drive to Slack 2/2, deliver", [hook("Job ended"), done], instant=True
        ),
        "polling": blueprint(
            "Masterify: Google Drive to Slack (polling)",
            [
                *polled,
                slack("*{{2.name}}*: {{5.data.status}} {{5.data.share_url}} {{5.data.error.message}}"),
            ],
            instant=False,
        ),
    }


def airtable_queue() -> dict[str, Table]:
    """New rows of an Airtable table are mastered; the row gets status and link."""
    start = Module(
        name="New row", module="airtable:TriggerWatchRecords", version=3, mapper={},
        parameters={
            "__IMTCONN__": None, "base": "YOUR-BASE-ID", "table": "YOUR-TABLE-ID",
            "config": {"triggerField": "Created", "labelField": "Name"}, "maxRecords": 1, "useColumnId": False,
        },
    )  # fmt: skip
    mix = download("{{1.Mix[].url}}", name="Download mix")

    def created(call_back: str | None) -> Module:
        return upload(
            2,
            data="data",
            file_name="fileName",
            key="airtable-{{1.id}}",
            call_back=call_back,
            platforms="{{1.Platforms}}",
        )

    written = {"Status": "{{1.status}}", "Master": "{{1.download_url}}{{1.error_message}}"}
    polled = {
        "Status": "{{5.data.status}}",
        "Master": "{{5.data.share_url}}{{5.data.error.message}}",
    }
    return {
        "1-upload": blueprint(
            "Masterify: Airtable queue 1/2, upload",
            [start, mix, created(HOOK + "?record={{1.id}}")],
            instant=False,
        ),
        "2-deliver": blueprint(
            "Masterify: Airtable queue 2/2, deliver",
            [hook("Job ended"), airtable_update("{{1.record}}", written)],
            instant=True,
        ),
        "polling": blueprint(
            "Masterify: Airtable queue (polling)",
            [start, mix, created(None), sleep(WAIT_S), get_job(3), airtable_update("{{1.id}}", polled)],
            instant=False,
        ),
    }


def form_to_email() -> dict[str, Table]:
    """A client sends a mix by a form that posts to a make.com hook, and gets the master by e-mail."""

    def created(call_back: str | None) -> Module:
        # Another version of a mix is often of the same length: the minute tells them apart.
        key = 'form-{{1.email}}-{{length(1.file.data)}}-{{formatDate(now; "YYYYMMDDHHmm")}}'
        return upload(
            1, data="file.data", file_name="file.name", key=key, call_back=call_back, platforms="spotify"
        )

    to, ready, failed = "{{1.email}}", "Your master is ready", "Your song was not mastered"
    called = router(
        [download("{{1.download_url}}", IS_DONE), email(to, ready, ATTACHED, 3)],
        [email(to, failed, "<p>{{1.error_message}}</p>", None, IS_FAILED)],
    )
    asked = router(
        [
            download("{{4.data.share_url}}", ("Done", "{{4.data.status}}", "done")),
            email(to, ready, ATTACHED, 6),
        ],
        [
            email(
                to, failed, "<p>{{4.data.error.message}}</p>", None, ("Failed", "{{4.data.status}}", "failed")
            )
        ],
    )
    name = "Masterify: form to client e-mail"
    upload_hook, job_hook = hook("Client form"), hook("Job ended")
    return {
        "1-upload": blueprint(
            f"{name} 1/2, upload", [upload_hook, created(HOOK + "?email={{1.email}}")], instant=True
        ),
        "2-deliver": blueprint(f"{name} 2/2, deliver", [job_hook, called], instant=True),
        "polling": blueprint(
            f"{name} (polling)", [upload_hook, created(None), sleep(WAIT_S), get_job(2), asked], instant=True
        ),
    }


FLOWS = {"drive-to-slack": drive_to_slack, "airtable-queue": airtable_queue, "form-to-email": form_to_email}

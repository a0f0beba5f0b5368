"""The three flows for n8n, each by webhook and by polling."""

from __future__ import annotations

from collections.abc import Sequence

from masterify_server.hub.n8n import (
    CREATE,
    DONE,
    DOWNLOAD,
    LOOP,
    RESULT,
    SETTINGS,
    Node,
    Table,
    create_job,
    done,
    download,
    one_by_one,
    polling,
    refused,
    result_of_call,
    setting,
    settings,
    wait_for_call,
    workflow,
)

DRIVE = {"googleDriveOAuth2Api": {"id": "", "name": "Google Drive"}}
SLACK = {"slackOAuth2Api": {"id": "", "name": "Slack"}}
AIRTABLE = {"airtableTokenApi": {"id": "", "name": "Airtable token"}}
SMTP = {"smtp": {"id": "", "name": "SMTP"}}
SOUND = {
    "api_url": "https://YOUR-MASTERIFY", "platforms": "spotify,apple_music", "genre": "other", "ai_service": "other",
    "tier": "standard", "language": "en",
}  # fmt: skip
EVERY_MINUTE = {"item": [{"mode": "everyMinute"}]}
WAYS = ("webhook", "polling")


def drive_to_slack(way: str) -> Table:
    """A song put into a Google Drive folder is mastered; Slack gets the link."""
    get = "Download mix"
    start = Node(
        name="New file in folder", kind="googleDriveTrigger", version=1, to=[[SETTINGS]], credentials=DRIVE,
        parameters={
            "pollTimes": EVERY_MINUTE, "triggerOn": "specificFolder", "event": "fileCreated", "options": {},
            "folderToWatch": {"__rl": True, "mode": "id", "value": "YOUR-FOLDER-ID"},
        },
    )  # fmt: skip
    mix = Node(
        name=get, kind="googleDrive", version=3, to=[[CREATE]], credentials=DRIVE,
        parameters={
            "operation": "download", "options": {},
            "fileId": {"__rl": True, "mode": "id", "value": "={{ $('New file in folder').item.json.id }}"},
        },
    )  # fmt: skip
    wish = {**SOUND, "slack_channel": "#masters"}
    song = "$('New file in folder').item.json.name"
    told = _slack(
        "Tell Slack", f"=*{{{{ {song} }}}}* is mastered: {{{{ $json.lufs }}}}\n{{{{ $json.download_url }}}}"
    )
    failed = _slack(
        "Tell Slack of the failure", f"=*{{{{ {song} }}}}* was not mastered: {{{{ $json.error_message }}}}"
    )
    return workflow(
        f"Masterify: Google Drive to Slack ({way})",
        [
            [
                start,
                settings(wish, LOOP),
                one_by_one(get),
                mix,
                *_job("data", "$('New file in folder').item.json.id", way),
            ],
            [done("Tell Slack", "Tell Slack of the failure"), told],
            [refused(DONE), failed],
        ],
        "## Google Drive to Slack\nPut a mix into the folder; Slack gets the measured loudness and a link to the masters.\n\n"
        "Fill in: the folder of *New file in folder*, everything in *Settings*, and the credentials Google Drive, Slack "
        "and *Masterify API key* (Bearer).",
    )


def airtable_queue(way: str) -> Table:
    """New rows of an Airtable table are mastered; the row gets status, loudness and link."""
    start = Node(
        name="New row", kind="airtableTrigger", version=1, to=[[SETTINGS]], credentials=AIRTABLE,
        parameters={
            "pollTimes": EVERY_MINUTE, "authentication": "airtableTokenApi",
            "baseId": {"__rl": True, "mode": "id", "value": "YOUR-BASE-ID"},
            "tableId": {"__rl": True, "mode": "id", "value": "YOUR-TABLE-ID"},
            "triggerField": "Created", "downloadAttachments": True, "downloadFieldNames": "Mix", "additionalFields": {},
        },
    )  # fmt: skip
    wish = {
        **SOUND,
        "platforms": "={{ $json.fields.Platforms || 'spotify,apple_music' }}",
        "base_id": "YOUR-BASE-ID",
        "table_id": "YOUR-TABLE-ID",
    }
    written = _row(
        "Write result",
        {"Status": "Done", "Loudness": "={{ $json.lufs }}", "Master": "={{ $json.download_url }}"},
    )
    failed = _row(
        "Write failure", {"Status": "Failed", "Loudness": "", "Master": "={{ $json.error_message }}"}
    )
    return workflow(
        f"Masterify: Airtable queue ({way})",
        [
            [
                start,
                settings(wish, LOOP),
                one_by_one(CREATE),
                *_job("Mix_0", "$('New row').item.json.id", way),
            ],
            [done("Write result", "Write failure"), written],
            [refused(DONE), failed],
        ],
        "## Airtable queue\nA row with an attachment in *Mix* is mastered; *Status*, *Loudness* and *Master* are filled in.\n\n"
        "Fill in: base and table in *New row* and in *Settings*, and the credentials Airtable and *Masterify API key* (Bearer). "
        "The table needs the fields Mix (attachment), Created (created time), Platforms, Status, Loudness, Master (text).",
    )


def form_to_email(way: str) -> Table:
    """A client sends a mix by a form and gets the master by e-mail."""
    fields = [
        {
            "fieldLabel": "Audio", "fieldType": "file", "multipleFiles": False, "acceptFileTypes": ".wav,.flac,.mp3",
            "requiredField": True,
        },
        {"fieldLabel": "Email", "fieldType": "email", "requiredField": True},
    ]  # fmt: skip
    start = Node(
        name="Client form", kind="formTrigger", version=2.2, to=[[SETTINGS]],
        parameters={
            "formTitle": "Send us your mix", "formDescription": "WAV, FLAC or MP3; 50 MB and 10 minutes at most.",
            "formFields": {"values": fields}, "options": {"path": "masterify-form"},
        },
    )  # fmt: skip
    wish = {**SOUND, "platforms": "spotify", "sender": "studio@example.com"}
    said = f"=Your master is attached: {{{{ $('{RESULT}').item.json.lufs }}}}."
    sent = _email("Email the client", "Your master is ready", said, attachments="master")
    failed = _email(
        "Email the failure", "Your song was not mastered", "={{ $json.error_message }}", attachments=""
    )
    return workflow(
        f"Masterify: form to client e-mail ({way})",
        [
            [
                start,
                settings(wish, CREATE),
                *_job("Audio", "$execution.id", way),
            ],
            [done(DOWNLOAD, "Email the failure"), download("Email the client"), sent],
            [refused(DONE), failed],
        ],
        "## Form to client e-mail\nA client uploads a mix in the form and gets the master as an attachment.\n\n"
        "Fill in: everything in *Settings*, and the credentials SMTP and *Masterify API key* (Bearer). "
        "The form's address is shown in *Client form* once the workflow is active.",
    )


FLOWS = {"drive-to-slack": drive_to_slack, "airtable-queue": airtable_queue, "form-to-email": form_to_email}


def _job(binary: str, key: str, way: str) -> Sequence[Node]:
    """Upload, and the way by which the flow learns of the end."""
    if way == "webhook":
        waits = [wait_for_call(RESULT), result_of_call(DONE)]
        return [create_job(binary, waits[0].name, calls_back=True, key=key), *waits]
    return [create_job(binary, "Pause", calls_back=False, key=key), *polling(DONE)]


def _slack(name: str, text: str) -> Node:
    channel = {"__rl": True, "mode": "name", "value": f"={{{{ {setting('slack_channel')} }}}}"}
    return Node(
        name=name, kind="slack", version=2.2, to=[[LOOP]], credentials=SLACK,
        parameters={
            "authentication": "oAuth2", "select": "channel", "channelId": channel, "text": text,
            "otherOptions": {"includeLinkToWorkflow": False},
        },
    )  # fmt: skip


def _row(name: str, values: dict[str, str]) -> Node:
    return Node(
        name=name, kind="airtable", version=2.1, to=[[LOOP]], credentials=AIRTABLE,
        parameters={
            "operation": "update",
            "base": {"__rl": True, "mode": "id", "value": f"={{{{ {setting('base_id')} }}}}"},
            "table": {"__rl": True, "mode": "id", "value": f"={{{{ {setting('table_id')} }}}}"},
            "columns": {
                "mappingMode": "defineBelow", "value": {"id": "={{ $('New row').item.json.id }}", **values},
                "matchingColumns": ["id"], "schema": [],
            },
            "options": {},
        },
    )  # fmt: skip


def _email(name: str, subject: str, text: str, *, attachments: str) -> Node:
    options: Table = {"appendAttribution": False}
    if attachments:
        options["attachments"] = attachments
    return Node(
        name=name, kind="emailSend", version=2.1, credentials=SMTP,
        parameters={
            "fromEmail": f"={{{{ {setting('sender')} }}}}", "toEmail": "={{ $('Client form').item.json.Email }}",
            "subject": subject, "emailFormat": "text", "text": text, "options": options,
        },
    )  # fmt: skip

"""The API's description: as written, as served, as a page; and the server keeps to it, whatever it is sent."""

import json
import re

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from masterify_server import app
from masterify_server.api import documentation
from masterify_server.api.pages import prose
from masterify_server.errors import STATUSES
from masterify_server.site.description import METHODS, chapters
from tests import refresh_docs, webs

DESCRIBED = json.loads(documentation.FILE.read_text(encoding="utf-8"))
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(DESCRIBED).get_all_operations()]

REFUSALS = {op.id: dict(op.refusals) for chapter in chapters("en") for op in chapter.operations}


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web"), webhook_allow_hosts=("localhost",)) as running:
        yield running


def test_the_json_is_made_of_the_yaml():
    made = documentation.FILE.read_text(encoding="utf-8")
    assert made == refresh_docs.openapi_json(), "run: python -m tests.refresh_docs"


def test_every_route_is_described_and_every_described_one_exists():
    routes = {r.path: set(r.endpoint.endpoints) - {"HEAD"} for r in app.ROUTES}
    paths = {
        path: {method.upper() for method in entry if method in METHODS}
        for path, entry in DESCRIBED["paths"].items()
    }
    assert paths == routes


def test_every_error_is_described():
    told = json.dumps(DESCRIBED)
    assert {code for code in STATUSES if f"`{code}`" not in told} == {"METHOD_NOT_ALLOWED"}


def test_every_error_stands_at_its_status():
    for name, answer in DESCRIBED["components"]["responses"].items():
        codes = set(re.findall(r"`([A-Z_]+)`", answer["description"])) & set(STATUSES)
        assert len({STATUSES[code] for code in codes}) <= 1, name


def test_presets_and_plans_in_the_description_are_those_of_the_server(web):
    form = DESCRIBED["paths"]["/api/v1/master"]["post"]["requestBody"]["content"]["multipart/form-data"][
        "schema"
    ]
    library = web.services.library
    assert set(form["properties"]["genre"]["enum"]) == set(library.genres())
    assert set(form["properties"]["ai_service"]["enum"]) == set(library.ai_services())
    assert set(form["properties"]["tier"]["enum"]) == set(library.tiers())
    for name in library.api_platforms:
        assert f"`{name}`" in form["properties"]["platforms"]["description"]
    for name, plan in web.services.plans.plans.items():
        webhooks = plan.webhooks if plan.webhooks < 1000 else "unlimited"
        row = f"| {name} | {plan.api_keys} | {plan.requests_per_minute}/min | {webhooks} | {plan.concurrent_jobs} |"
        assert row in DESCRIBED["info"]["description"]


def test_it_is_served_as_json(web):
    answer = web.client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DESCRIBED


def test_prose_escapes_what_is_no_markdown():
    text = "a `b<c` [d](https://e.example) [f](javascript:1) <script>\n\n[g](//h.example) [i](/j.k) **l**"
    assert prose(text) == (
        '<p>a <code>b&lt;c</code> <a href="https://e.example">d</a> [f](javascript:1) &lt;script&gt;</p>\n'
        '<p>[g](//h.example) <a href="/j.k">i</a> <strong>l</strong></p>'
    )


@pytest.fixture(scope="module")
def there(web):
    """Ids of things that exist."""
    job_id = web.master(platforms="melon").json()["job_id"]
    web.finish(job_id, {"melon": bytes(1000)})
    hook = web.call("POST", "/api/v1/webhooks", json={"url": "http://localhost:9/"}).json()
    return {"job_id": job_id, "webhook_id": hook["id"], "delivery_id": "evt_1"}


def cases(operation, there):
    """Requests that the description allows, about things that exist and others; and some that it does not allow."""
    names = [p.name for p in operation.path_parameters]
    known = {name: there[name] for name in names}
    strategies = [operation.as_strategy(path_parameters=known)]
    if names:
        strategies.append(operation.as_strategy())
    if operation.body or operation.query:
        strategies.append(operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=known))
    return st.one_of(strategies)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.definition.raw["operationId"])
def test_the_server_keeps_to_its_description(web, there, operation):
    """Every answer to a made-up request must be one that the description knows, of the shape and code it says, and no fault."""
    seen, told = [], REFUSALS[operation.definition.raw["operationId"]]

    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation, there))
    def send(case):
        asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
        headers = {name: value for name, value in asked.headers.items() if name.lower() != "authorization"}
        path = asked.url.removeprefix("http://testserver")
        answer = web.call(asked.method, path, headers=headers, content=asked.body)
        case.validate_response(
            answer, checks=[not_a_server_error, status_code_conformance, response_schema_conformance]
        )
        if answer.status_code >= 400:
            assert answer.json()["error"]["code"] in told[str(answer.status_code)], answer.text
        seen.append(answer.status_code)

    send()
    assert seen

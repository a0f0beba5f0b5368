"""``/docs``: the documentation says what the server does, in both languages."""

import json
import re
import tomllib
from html import unescape

import jsonschema
import pytest

from masterify_server import plans
from masterify_server.api.documentation import document, followed
from masterify_server.errors import STATUSES
from masterify_server.site import description, docs_page, snippets, translations
from masterify_server.site.samples import sample
from masterify_server.wording import LANGUAGES, table
from tests import webs

OPERATIONS = [operation for chapter in description.chapters("en") for operation in chapter.operations]
PROGRAMS = tuple(snippets.LANGUAGES)


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web"), webhook_allow_hosts=("localhost",)) as running:
        yield running


@pytest.fixture(scope="module")
def pages(web):
    return {name: web.client.get(f"/docs?lang={name}").text for name in LANGUAGES}


def plain(page):
    """What a reader sees, tags and line breaks aside."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operation_and_parameter_is_told(pages, language):
    page = pages[language]
    for operation in OPERATIONS:
        part = page[page.index(f'<section id="{operation.id}"') :].partition("</section>")[0]
        assert f'<span class="method">{operation.method}</span> <code>{operation.path}</code>' in part
        for field in operation.fields:
            assert (f"<code>{field.name}</code>" in part) == (field.name != docs_page.EVERYWHERE)
        for program in PROGRAMS:
            assert f'data-language="{program}" data-of="{operation.id}"' in part
        for _, codes in operation.refusals:
            assert all(f'href="#error-{code}"' in part for code in codes)


def test_every_parameter_and_field_has_words():
    for operation in OPERATIONS:
        assert operation.summary
        for field in (*operation.fields, *(field for answer in operation.answers for field in answer.fields)):
            assert field.text, (operation.id, field.name)
            assert field.kind, (operation.id, field.name)


def test_every_text_of_the_description_has_a_translation_and_no_translation_is_left_over(monkeypatch):
    shown = set()

    def say(text, language):
        shown.update([translations.key(text)] if text else [])
        return text

    monkeypatch.setattr(description, "say", say)
    description.chapters.__wrapped__("ko")
    assert shown == set(translations.korean()), f"bring {translations.FILE.name} up to date"
    held = tomllib.loads(translations.FILE.read_text(encoding="utf-8"))["text"]
    assert len(held) == len(translations.korean())
    for each in held:
        assert re.search("[가-힣]", each["ko"]) or each["ko"] == each["en"], each["en"]
        assert set(re.findall("`[^`]+`", each["en"])) == set(re.findall("`[^`]+`", each["ko"])), each["en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_is_told_with_what_to_do(pages, language):
    page, words = pages[language], table(language)
    assert len(words) > len(STATUSES)
    for code, status in STATUSES.items():
        row = re.search(rf'<tr id="error-{code}">.*?</tr>', page, re.S)[0]
        assert f"<td>{status}</td>" in row
        for key, text in words.items():
            if key.partition(".")[0] == code:
                shape = "".join(
                    ".+?" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", text)
                )
                assert re.search(shape, plain(row)), key


def test_the_limits_are_those_of_the_plans(pages, tmp_path):
    for page in pages.values():
        rows = re.findall(
            r"<tr><td><code>(\w+)</code></td><td>(\d+)</td><td>(\d+)</td><td>([^<]+)</td><td>(\d+)", page
        )
        assert [row[0] for row in rows] == list(plans.load_plans().plans)
        for name, *told in rows:
            held = plans.load_plans().plan(name)
            numbers = [getattr(held, limit) for limit in docs_page.LIMITS]
            assert [int(each) if each.isdigit() else plans.UNLIMITED for each in told] == numbers


def test_a_deployment_documents_its_own_numbers(tmp_path):
    with webs.web(
        tmp_path,
        keep_output_h=72.0,
        keep_input_h=1.0,
        api_min_plan="pro",
        public_url="https://masters.example",
    ) as web:
        page = plain(web.client.get("/docs?lang=en").text)
    assert "Uploads are deleted 1 h after the job has ended, masters after 3 days" in page
    assert "the API is open from the plan pro on" in page
    assert 'curl --fail-with-body "https://masters.example/api/v1/account"' in page
    assert "testserver" not in page
    assert docs_page.EXAMPLE not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_open_or_unfilled(pages, language):
    page = pages[language]
    prose = re.sub(r"<(pre|code)\b.*?</\1>", "", page, flags=re.S)
    assert not re.search(r"[{}|]|\*\*|`", plain(prose))
    anchors = set(re.findall(r'href="#([^"]+)"', page))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert anchors <= set(ids)
    assert len(ids) == len(set(ids))
    if language == "ko":
        for english in re.findall(r"<p>([A-Z][a-z]+ [a-z]+ [^<]+)</p>", prose):
            raise AssertionError(f"not translated: {english}")


@pytest.mark.parametrize("host", ['a"><b>.example', "evil.example"])
def test_a_host_cannot_put_anything_into_the_page(web, host):
    answer = web.client.get("/docs?lang=en", headers={"Host": host})
    assert "<b>" not in answer.text


def test_it_runs_nothing_and_loads_only_what_is_here(pages, web):
    for page in pages.values():
        assert not re.search(r"<script|<style|\son\w+=|\sstyle=", page)
        outside = set(re.findall(r'(?:src|href)="(?!#|/)([^"]+)"', page))
        assert outside == {"https://www.standardwebhooks.com"}
    policy = web.client.get("/docs").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
def test_samples_are_what_the_description_allows(operation):
    held = document()["paths"][operation.path][operation.method.lower()]
    for answer in operation.answers:
        if answer.sample:
            found = followed(held["responses"][answer.status])
            schema = found["content"]["application/json"]["schema"]
            whole = {**schema, "components": document()["components"]}
            jsonschema.Draft202012Validator(whole).validate(json.loads(answer.sample))
            assert json.loads(answer.sample) == sample(schema)

"""``/templates``: the Template Hub as it is served."""

import json
import re
from html import unescape

import pytest

from masterify_server.hub import files, guides
from masterify_server.hub.contents import contents
from masterify_server.site import pages
from masterify_server.wording import LANGUAGES
from tests import webs

FLOWS = guides.FLOWS
A_FILE = next(iter(files.texts()))
CACHED = ("/templates", "/templates/form-to-email", f"/templates/files/{A_FILE}")
MISSING = (
    "/templates/nothing", "/templates/", "/templates/files/nothing.json", "/templates/files/..%2Fguides.toml",
)  # fmt: skip


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web")) as running:
        yield running


def read(web, path, language="en"):
    answer = web.client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    return answer.text


def keys(table, path=""):
    for key, held in table.items():
        yield from keys(held, f"{path}{key}.") if isinstance(held, dict) else [f"{path}{key}"]


def test_both_languages_say_the_same_things():
    told = {language: sorted(keys(pages.texts(language))) for language in LANGUAGES}
    assert told["en"] == told["ko"]
    for key in ("hub_page", "flow_page"):
        for name, english in pages.texts("en")[key].items():
            korean = pages.texts("ko")[key][name]
            assert type(english) is type(korean)
            assert len(english) == len(korean) if isinstance(english, list) else korean.strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_leads_to_every_flow_and_every_file(web, language):
    page = read(web, "/templates", language)
    for guide in guides.guides(language):
        assert f'href="/templates/{guide.name}"' in page
        assert guide.summary in unescape(page)
    for name in files.texts():
        assert f'href="/templates/files/{name}"' in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_is_told_step_by_step_with_checklist_outcome_and_what_was_tested(web, flow, language):
    raw = read(web, f"/templates/{flow}", language)
    page = unescape(re.sub(r"</?(?:code|strong|a)\b[^>]*>", "", raw))
    guide = next(each for each in guides.guides(language) if each.name == flow)
    for text in (guide.title, guide.summary, guide.outcome, *guide.needs, *guide.n8n, *guide.make):
        assert re.sub("[`*]", "", text) in page, text
    for text in (*guide.notes, *guide.tested):
        assert re.sub("[`*]", "", text) in page, text
    assert page.count('type="checkbox"') == len(guide.needs)
    assert any(
        "make.com" in each and ("not been run" in each or "실행해 보지는" in each) for each in guide.tested
    )
    for name in (*guide.n8n_files, *guide.make_files):
        assert f'href="/templates/files/{name}"' in raw
        for step in contents(name).steps:
            assert f"<li>{step}</li>" in page


@pytest.mark.parametrize("path", ["/templates", *(f"/templates/{flow}" for flow in FLOWS)])
def test_the_switch_leads_to_the_other_language_and_stays_there(web, path):
    english = read(web, path)
    assert f'href="{path}?lang=ko"' in english
    answer = web.client.get(f"{path}?lang=ko", headers={"Accept-Language": "en"})
    assert answer.headers["content-language"] == "ko"
    assert '<html lang="ko" ' in answer.text
    own = set(re.findall(r'href="(/(?:docs|templates)(?!/files)[^"]*)"', answer.text))
    assert own
    assert all("?lang=" in each for each in own)
    assert web.client.get(f"{path}?lang=<b>", headers={"Accept-Language": "en"}).text == english


@pytest.mark.parametrize("name", files.texts())
def test_a_file_is_downloaded_under_its_name_as_it_is(web, name):
    answer = web.client.get(f"/templates/files/{name}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.content == (files.FOLDER / name).read_bytes()
    assert json.loads(answer.content)["name"].startswith("Masterify")


@pytest.mark.parametrize("path", CACHED)
def test_what_a_browser_has_is_not_sent_again(web, path):
    first = web.client.get(path)
    again = web.client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert web.client.get(path, headers={"If-None-Match": '"other"'}).content == first.content
    head = web.client.head(path)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(first.content)))


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_told_as_everywhere(web, path):
    answer = web.client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_pages_run_nothing_and_load_only_what_is_here(web):
    for path in ("/templates", *(f"/templates/{flow}" for flow in FLOWS)):
        answer = web.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script|<style|\son\w+=|\sstyle=|(?:src|href)=\"(?!/|#)", answer.text)
    style = web.client.get("/static/site.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "url(" not in style.text


@pytest.mark.parametrize("name", files.texts())
def test_what_a_page_says_of_a_file_is_in_it(name):
    told, text = contents(name), files.texts()[name]
    assert told.steps
    assert told.versions
    assert all(f'"{each}"' in text for each in told.steps)
    assert all(each in text for each in (*told.connections, *told.placeholders))
    assert ("Masterify API key" in told.connections) == (".n8n." in name)

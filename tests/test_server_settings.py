"""Settings of a deployment: read from the environment, every wrong one named."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from masterify_server.settings import Settings, SettingsError, read_settings


def test_without_an_environment_there_are_usable_settings():
    settings = read_settings({})
    assert settings == replace(Settings(), data_dir=Path.cwd() / "masterify-data")
    assert Settings().embedded


def test_a_job_may_use_what_the_longest_song_needs():
    song_bytes = 600 * 192_000 * 2 * 4
    # The song, its master, and three of them that reading back asks for.
    assert Settings().job_memory_gb * 2**30 >= 5 * song_bytes


def test_every_setting_is_read_from_its_variable(tmp_path):
    given = {
        "data_dir": "/srv/m", "redis_url": "rediss://r:6379/0", "bucket_url": "s3://bucket/p", "bucket_endpoint": "http://s:8333",
        "bucket_region": "eu", "bucket_key_id": "k", "bucket_secret": "x", "public_url": "https://m.example/",
        "secret": "s" * 32, "webhook_allow_hosts": "n8n, Hook.Local.", "api_min_plan": "pro", "keep_input_h": "1.5",
        "keep_output_h": "2", "keep_record_d": "3", "job_memory_gb": "2", "job_cpu_s": "60",
    }  # fmt: skip
    settings = read_settings({f"MASTERIFY_{name.upper()}": text for name, text in given.items()})
    assert set(given) == {field.name for field in fields(Settings)} - {"plans_file"}
    assert (settings.data_dir, settings.public_url, settings.keep_input_h, settings.job_cpu_s) == (
        Path("/srv/m"), "https://m.example", 1.5, 60,
    )  # fmt: skip
    assert settings.webhook_allow_hosts == ("n8n", "hook.local")
    assert not settings.embedded


def test_every_setting_stands_in_the_guide():
    guide = (Path(__file__).parents[1] / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert [
        field.name for field in fields(Settings) if f"`MASTERIFY_{field.name.upper()}`" not in guide
    ] == []


def test_the_usual_name_of_the_store_is_known_too():
    assert read_settings({"REDIS_URL": "redis://a"}).redis_url == "redis://a"
    assert (
        read_settings({"REDIS_URL": "redis://a", "MASTERIFY_REDIS_URL": "redis://b"}).redis_url == "redis://b"
    )


def test_an_option_counts_more_than_the_environment():
    assert read_settings({"MASTERIFY_DATA_DIR": "/a"}, data_dir=Path("/b"), public_url=None).data_dir == Path(
        "/b"
    )


def test_all_that_is_wrong_is_named_at_once_and_no_secret_is_shown():
    wrong = {
        "MASTERIFY_REDIS_URL": "http://x", "MASTERIFY_KEEP_INPUT_H": "long", "MASTERIFY_JOB_CPU_S": "1.5",
        "MASTERIFY_SECRET": "short", "MASTERIFY_BUCKET_URL": "b", "MASTERIFY_PUBLIC_URL": "m.example",
        "MASTERIFY_WEBHOOK_ALLOW_HOSTS": "http://x", "MASTERIFY_DATADIR": "/x",
    }  # fmt: skip
    with pytest.raises(SettingsError) as told:
        read_settings(wrong)
    for name in wrong:
        assert name in str(told.value)
    assert "'long'" in str(told.value)
    assert "'short'" not in str(told.value)
    assert "did you mean MASTERIFY_DATA_DIR" in str(told.value)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"ENDPOINT": "http://s:8333"}, "BUCKET_ENDPOINT needs MASTERIFY_BUCKET_URL"),
        ({"URL": "s3://bucket", "ENDPOINT": "s:8333"}, "BUCKET_ENDPOINT must be an address"),
        ({"URL": "s3://bucket", "KEY_ID": "k"}, "must be set together"),
    ],
)
def test_half_of_a_bucket_is_named(given, problem):
    with pytest.raises(SettingsError, match=problem):
        read_settings({f"MASTERIFY_BUCKET_{name}": text for name, text in given.items()})


@pytest.mark.parametrize(
    ("variable", "text", "problem"),
    [
        ("REDIS_URL", "redis://:99999999", "REDIS_URL must be an address such as redis://localhost:6379/0"),
        ("REDIS_URL", "redis://a:b", "REDIS_URL must be an address"),
        ("REDIS_URL", "redis://a/first", "REDIS_URL must be an address"),
        ("REDIS_URL", "redis://[x", "REDIS_URL must be an address"),
        ("REDIS_URL", "unix://", "REDIS_URL must be an address"),
        ("REDIS_URL", "redis://a?sock=1", "REDIS_URL has an option after the ?"),
        ("REDIS_URL", "redis://a?socket_timeout=soon", "REDIS_URL has an option after the ?"),
        ("MASTERIFY_PUBLIC_URL", "http://[x", "MASTERIFY_PUBLIC_URL must be an address such as https://masterify.example"),
        ("MASTERIFY_PUBLIC_URL", "https://:443", "MASTERIFY_PUBLIC_URL must be an address"),
        ("MASTERIFY_PUBLIC_URL", "https://a b", "MASTERIFY_PUBLIC_URL must be an address"),
        ("MASTERIFY_BUCKET_URL", "s3://[x", "MASTERIFY_BUCKET_URL must be s3://bucket"),
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_told_in_the_words_of_its_setting(variable, text, problem):
    with pytest.raises(SettingsError) as told:
        read_settings({variable: text})
    assert str(told.value).startswith(f"settings are wrong: {problem}")
    assert str(told.value).endswith(f", got {text!r}")


@pytest.mark.parametrize(
    "url",
    ["redis://", "redis://:p@h:1/2?socket_timeout=3", "rediss://[::1]:6379", "unix:///run/a%20b.sock?db=0"],
)
def test_addresses_of_stores_are_taken_as_they_are_written(url):
    assert read_settings({"REDIS_URL": url}).redis_url == url


def test_a_password_in_an_address_is_not_shown():
    with pytest.raises(SettingsError) as told:
        read_settings({"REDIS_URL": "http://:hunter2@r:6379"})
    assert "hunter2" not in str(told.value)
    with pytest.raises(SettingsError) as told:
        read_settings({"REDIS_URL": "redis://:hun/ter2@r:6379"})  # a slash makes a port of the half before it
    assert "hun" not in str(told.value)
    assert "REDIS_URL" in str(told.value)


@pytest.mark.parametrize(("plan", "problem"), [("gold", "free, starter, pro, studio")])
def test_the_lowest_plan_must_be_a_plan(plan, problem):
    with pytest.raises(SettingsError, match=problem):
        read_settings({"MASTERIFY_API_MIN_PLAN": plan})


def test_plans_of_ones_own_are_read(tmp_path):
    path = tmp_path / "plans.toml"
    path.write_text("[plans.only]\n[credits]\nstandard = 3\n")
    environment = {"MASTERIFY_PLANS_FILE": str(path), "MASTERIFY_API_MIN_PLAN": "only"}
    assert read_settings(environment).api_min_plan == "only"


def test_the_secret_of_a_data_folder_is_made_once(tmp_path):
    settings = Settings(data_dir=tmp_path / "new")
    assert re.fullmatch("[0-9a-f]{64}", settings.signing_secret)
    assert settings.signing_secret == Settings(data_dir=tmp_path / "new").signing_secret
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600
    assert Settings(data_dir=tmp_path, secret="x" * 32).signing_secret == "x" * 32

"""What holds for all tests: how properties are tried, that passwords are hashed fast, and which files begin."""

import os
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from masterify_server import passwords

# No property fails because a busy machine was slow. In CI the examples are the same each time, so that a change is not
# refused for what was there before; everywhere else they are new ones.
settings.register_profile(
    "unhurried", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")

# Those that take longest, longest first: begun last, one of them would be waited for by idle processors.
LONGEST = (
    "test_dashboard_songs_browser", "test_preview", "test_server_crashes", "test_dashboard_browser", "test_site_browser",
    "test_cli_service", "test_guides", "test_proofing", "test_web_server", "test_site_examples", "test_mastering",
    "test_cli_remote", "test_server_excerpting", "test_cli_songs", "test_delivery", "test_preview_browser", "test_stages",
    "test_report_browser", "test_reference", "test_web_streams", "test_server_chaos", "test_preset_values", "test_example",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the order of the files; xdist would begin with those that have the most tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first."""
    place = {name: k for k, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash with the least argon2 allows, in this process: hundreds of log-ins would take minutes, as they should elsewhere."""
    least = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: least)
        yield

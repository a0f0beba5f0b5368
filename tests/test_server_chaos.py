"""The short chaos run; the long one is ``python -m tests.chaos --kills 200``."""

import sys

import pytest

from tests import chaos


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds its victims in /proc")
def test_whatever_is_killed_nothing_is_lost_doubled_or_charged_twice(capfd):
    found = chaos.run(8, seed=7, pause_s=(0.2, 0.9))
    assert chaos.is_clean(found), found
    assert found["accepted"] > 5
    assert sum(found["killed"].values()) == 8

"""Real and odd audio files that lie beside the repository; tests that need one skip where they are absent."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "audio"


def shared(path):
    """Answer a file of the shared audio folder, or skip the test."""
    file = FOLDER / path
    if not file.is_file():
        pytest.skip(f"{path} is not in {FOLDER}")
    return file

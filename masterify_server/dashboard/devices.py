"""Names of browsers and systems, for people to recognise where they are logged in."""

from __future__ import annotations

# The first that is found counts: browsers call themselves by the names of those that they descend from.
BROWSERS = {
    "Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Whale": "Whale", "Firefox": "Firefox",
    "FxiOS": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari", "curl": "curl",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS", "CrOS": "ChromeOS",
    "Linux": "Linux",
}  # fmt: skip


def device(agent: str) -> str:
    """Name what a User-Agent header comes from; ``""`` if it tells nothing.

    >>> device("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36")
    'Chrome, Linux'
    >>> device("")
    ''
    """
    found = (
        next((name for mark, name in table.items() if mark in agent), "") for table in (BROWSERS, SYSTEMS)
    )
    return ", ".join(filter(None, found))

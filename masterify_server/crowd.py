"""How many requests of one account are under way in this process: streams, uploads and downloads may last long."""

from __future__ import annotations

from collections import Counter

MOST_OF_ONE = 100
"""A tenth of what a web process takes (`surroundings.MOST_AT_ONCE`), so that nobody can take all of it."""


class Crowd:
    """Counts who is inside.

    Examples
    --------
    >>> crowd = Crowd(most_of_one=1)
    >>> crowd.enter("ann"), crowd.enter("ann"), crowd.enter("bob")
    (True, False, True)
    >>> crowd.leave("ann")
    >>> crowd.enter("ann")
    True
    """

    def __init__(self, most_of_one: int = MOST_OF_ONE) -> None:
        self._most = most_of_one
        self._inside: Counter[str] = Counter()

    def enter(self, who: str) -> bool:
        """Let somebody in, unless as many of theirs are inside already."""
        if self._inside[who] >= self._most:
            return False
        self._inside[who] += 1
        return True

    def leave(self, who: str) -> None:
        """Let them out."""
        self._inside[who] -= 1
        if self._inside[who] <= 0:
            del self._inside[who]

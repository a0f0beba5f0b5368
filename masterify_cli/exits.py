"""Exit codes, the errors that only the command line knows, and which error ends with which code."""

from __future__ import annotations

from collections.abc import Iterable

from masterify_core.errors import MasterifyError

DONE = 0
OUR_FAULT = 1
USAGE = 2
INPUT_FAILED = 3
TARGET_MISSED = 4

MEANING = {
    DONE: "all done",
    OUR_FAULT: "our fault: a bug",
    USAGE: "the command line, a preset or a recipe is wrong; nothing was done",
    INPUT_FAILED: "some input could not be mastered, or what there was to say could not be written",
    TARGET_MISSED: "a target could not be met, and --strict was given; or a checked file does not pass",
}


class UsageError(MasterifyError):
    """The command line asks for something that cannot be: told before any work is done."""

    code = "usage"


class BugError(MasterifyError):
    """Anything that is no `MasterifyError`: ours to mend; the message says how to see where it happened."""

    code = "internal"

    def __init__(self, error: BaseException, about: str = "") -> None:
        found = f"{type(error).__name__}: {error}".splitlines()[0]
        place = f"{about}: " if about else ""
        super().__init__(f"{place}this is a bug in masterify ({found}); MASTERIFY_DEBUG=1 shows where")


class ScreenError(MasterifyError):
    """What a command had to say could not be written, e.g. to a file on a full disk; masters may have been made."""

    code = "output"

    def __init__(self, error: OSError) -> None:
        super().__init__(f"standard output cannot be written: {error.strerror}")


_WRONG_WISH = {"usage", "setting", "unknown_name"}


def code_of(error: MasterifyError) -> int:
    """Exit code of one error.

    >>> code_of(UsageError("no such option"))
    2
    """
    if error.code in _WRONG_WISH:
        return USAGE
    return OUR_FAULT if error.code == MasterifyError.code else INPUT_FAILED


def worst(codes: Iterable[int]) -> int:
    """Exit code of several songs: what needs attention first.

    >>> worst([0, 4, 3, 0])
    3
    """
    return min((code for code in codes if code != DONE), default=DONE)

"""The first run on a machine: kernels are compiled once, and the user is told why it takes a moment."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from masterify_cli import printing

ABOUT_S = {"usual": (3, 15), "everything": (6, 25)}
"""What compiling takes on an ordinary machine, seconds: from what is shipped, and where numba has to do its part, too."""


def prepare(quiet: bool, *, everything: bool = False) -> int:
    """Compile what this machine does not hold yet; answer how many kernels that was.

    With ``everything`` also the kernels that only some masters need. Nothing is shown where nothing has to be done.
    """
    from masterify_core.kernels import _jit

    if _jit.is_warm(everything=everything):
        return 0
    compiled = 0
    about_s = ABOUT_S["everything" if everything else "usual"][_jit.has_to_lower(everything=everything)]
    with _counter(quiet, about_s) as show:

        def on_progress(done: int, of: int) -> None:
            nonlocal compiled
            compiled = done
            show(done, of)

        _jit.warm_up(on_progress, everything=everything)
    return compiled


@contextlib.contextmanager
def _counter(quiet: bool, about_s: int) -> Iterator[Callable[[int, int], None]]:
    """Show a bar in a terminal, one line elsewhere."""
    if quiet:
        yield lambda _done, _of: None
        return
    printing.aside(f"First run on this machine: preparing the engine (about {about_s} s, once).")
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    from rich import progress
    from rich.console import Console

    columns = (progress.BarColumn(bar_width=40), progress.MofNCompleteColumn(), progress.TimeElapsedColumn())
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("")
        yield lambda done, of: bars.update(task, completed=done, total=of)

"""What is going on, on standard error: a live bar a song in a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from masterify_cli import printing

if TYPE_CHECKING:
    from rich.live import Live
    from rich.progress import TaskID
    from rich.table import Column

LINE_EVERY_S = 10.0
"""Outside a terminal a long song says this often where it is, so that a log shows that it lives."""


class Progress(Protocol):
    """Where work reports to, from any thread."""

    def started(self, name: str) -> Callable[[str, float], None]:
        """Begin one piece of work; call the answer with its stage and the share that is done (0-1)."""

    def ended(self, name: str) -> None:
        """End it, well or not."""

    def aside(self) -> contextlib.AbstractContextManager[object]:
        """Keep the terminal free while a result is printed."""


@contextlib.contextmanager
def shown(doing: str, count: int, quiet: bool) -> Iterator[Progress]:
    """Show the progress of ``count`` pieces of work, e.g. ``mastering``, while the block runs."""
    if quiet:
        yield Silence()
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with Bars(count) as bars:
            yield bars
    else:
        yield Lines(doing, count)


class Silence:
    """Shows nothing: for ``--quiet`` and ``--json``."""

    def started(self, _name: str) -> Callable[[str, float], None]:
        """Take the reports and forget them."""
        return lambda _stage, _share: None

    def ended(self, _name: str) -> None:
        """Nothing to end."""

    def aside(self) -> contextlib.AbstractContextManager[object]:
        """Nothing is in the way."""
        return contextlib.nullcontext()


class Lines(Silence):
    """One plain line as each song starts, and one now and then while it takes long."""

    def __init__(self, doing: str, count: int) -> None:
        self._doing, self._count = doing, count
        self._number, self._lock = 0, threading.Lock()

    def started(self, name: str) -> Callable[[str, float], None]:
        """Write that it has started."""
        with self._lock:
            self._number += 1
            place = f"[{self._number}/{self._count}] " if self._count > 1 else ""
            label = f"{place}{self._doing} {name}"
            printing.aside(label)
        last = time.monotonic()

        def report(stage: str, share: float) -> None:
            nonlocal last
            if time.monotonic() - last >= LINE_EVERY_S:
                last = time.monotonic()
                with self._lock:
                    printing.aside(f"{label}: {stage}, {share:.0%}")

        return report

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Write no line while a result is printed."""
        with self._lock:
            yield


class Bars:
    """A line a song with its stage, its bar and the time, gone when it ends; one more line for all songs."""

    def __init__(self, count: int) -> None:
        from rich import progress

        self._bars = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}", markup=False, table_column=_column(ratio=3)),
            progress.TextColumn(
                "{task.fields[stage]}", style="dim", markup=False, table_column=_column(ratio=2)
            ),
            progress.BarColumn(bar_width=16),
            progress.TaskProgressColumn(),
            progress.TimeElapsedColumn(),
            expand=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._all = self._bars.add_task(f"{count} songs", total=count, stage="") if count > 1 else None
        self._live = self._drawn()

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, name: str) -> Callable[[str, float], None]:
        """Add a bar."""
        task = self._tasks[name] = self._bars.add_task(
            printing.printable(Path(name).name), total=1.0, stage=""
        )

        def report(stage: str, share: float) -> None:
            self._bars.update(task, stage=stage, completed=share)

        return report

    def ended(self, name: str) -> None:
        """Take its bar away and move the one for all."""
        task = self._tasks.pop(name, None)
        if task is not None:
            self._bars.remove_task(task)
        if self._all is not None:
            self._bars.advance(self._all)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bars off the screen: results go to standard output, which Rich does not watch."""
        self._live.stop()
        try:
            yield
        finally:
            self._live = self._drawn()
            self._live.start(refresh=True)

    def _drawn(self) -> Live:
        """Make a display; one that is started again would wipe the lines printed since."""
        from rich.console import Console
        from rich.live import Live

        return Live(
            self._bars,
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=10,
            redirect_stdout=False,
            redirect_stderr=False,
        )


def _column(ratio: int) -> Column:
    from rich.table import Column

    return Column(ratio=ratio, no_wrap=True, overflow="ellipsis")

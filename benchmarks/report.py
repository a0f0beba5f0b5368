"""The page: measured facts to Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.running import Run

Json = Any
LOOPS_SHOWN_FROM_S = 0.002


@dataclass(frozen=True, slots=True)
class Whole:
    """One program's best run on the whole song, and what its file measures."""

    name: str
    version: str
    how: str
    run: Run
    seconds: float
    levels: dict[str, float] | None
    repeated: Repeated | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """A program that wants a gain, run until its file had the loudness asked for."""

    times: int
    run: Run
    levels: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the page tells."""

    machine: list[str]
    song: str
    song_mb: float
    target: tuple[float, float]
    rounds: int
    whole: list[Whole]
    engine: Json
    inside: Json
    commands: dict[str, Run]


def page(facts: Facts) -> str:
    """The whole of BENCHMARKS.md."""
    loudness, ceiling = facts.target
    parts = [
        "# Benchmarks",
        (
            "Written by `python -m benchmarks`; do not edit. CPU seconds are user plus system time as the operating system"
            f" accounts for the process; every number is the best of {facts.rounds}, all programs taking turns."
        ),
        "\n".join(f"- {line}" for line in [*facts.machine, f"Song: {facts.song}"]),
        f"## A whole song, side by side: {loudness:g} LUFS, {ceiling:g} dBTP",
        (
            "The whole command, start-up included: a 24-bit WAV in, one 24-bit WAV out. Loudness and true peak of the"
            " files are measured by masterify's meter. Programs that want a gain are told the exact difference in"
            " loudness; sox and pedalboard hold sample peaks, so their limiters are set 0.5 dB under the ceiling."
        ),
        _table(
            ["program", "version", "how", "CPU s", "x real time", "peak MB", "LUFS", "dBTP"],
            [_whole_row(each) for each in facts.whole],
        ),
        (
            f"The programs that want a gain do not come out at {loudness:g} LUFS with it. Run again with a better one, by the"
            " secant method, until the file is right within 0.1 LU (measured in between free of charge), they take:"
        ),
        _table(
            ["program", "runs", "CPU s, all runs", "LUFS", "dBTP"],
            [_repeated_row(each.name, each.repeated) for each in facts.whole if each.repeated],
        ),
        f"The decoded song is {facts.song_mb:.0f} MB of float32.",
        "## Commands",
        _table(
            ["command", "CPU s", "wall s", "peak MB"],
            [
                [name, f"{r.cpu_s:.2f}", f"{r.wall_s:.2f}", f"{r.rss_mb:.0f}"]
                for name, r in facts.commands.items()
            ],
        ),
        "## The engine by itself, warm",
        _engine(facts),
        "## Where the time goes",
        "One warm run for two platforms; ns a frame of the song (a frame is one sample in each channel).",
        _inside(facts, "step", {title: (None, s) for title, s in facts.inside["steps"].items()}),
        "The same run by kernel; those under 2 ms are left out.",
        _inside(
            facts,
            "kernel",
            {n: (c, s) for n, (c, s) in facts.inside["loops"].items() if s >= LOOPS_SHOWN_FROM_S},
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _whole_row(whole: Whole) -> list[str]:
    if whole.run.code or whole.levels is None:
        return [whole.name, whole.version, whole.how, "failed", *[""] * 4]
    return [
        whole.name,
        whole.version,
        whole.how,
        f"{whole.run.cpu_s:.2f}",
        f"{whole.seconds / whole.run.cpu_s:.0f}",
        f"{whole.run.rss_mb:.0f}",
        f"{whole.levels['integrated_lufs']:.2f}",
        f"{whole.levels['true_peak_dbtp']:+.2f}",
    ]


def _repeated_row(name: str, repeated: Repeated) -> list[str]:
    return [
        name,
        str(repeated.times),
        f"{repeated.run.cpu_s:.2f}",
        f"{repeated.levels['integrated_lufs']:.2f}",
        f"{repeated.levels['true_peak_dbtp']:+.2f}",
    ]


def _engine(facts: Facts) -> str:
    seconds = facts.engine["seconds"]
    rows = [
        ("two platforms, read to verified files", facts.engine["two_platforms_s"]),
        ("everything that `analyze` measures", facts.engine["measure_s"]),
        ("loudness (I, M, S, LRA) and true peak", facts.engine["levels_s"]),
    ]
    return _table(
        ["work", "CPU s", "x real time"], [[name, f"{s:.2f}", f"{seconds / s:.0f}"] for name, s in rows]
    )


def _inside(facts: Facts, what: str, rows: dict[str, tuple[int | None, float]]) -> str:
    ordered = rows.items() if what == "step" else sorted(rows.items(), key=lambda row: -row[1][1])
    calls = [] if what == "step" else ["calls"]
    return _table(
        [what, *calls, "ms", "ns/frame"],
        [
            [name, *[f"{count}" for _ in calls], f"{s * 1e3:.0f}", f"{s * 1e9 / facts.inside['frames']:.1f}"]
            for name, (count, s) in ordered
        ],
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; columns of numbers to the right."""
    marks = [
        "---" if column in ("program", "version", "how", "command", "work", "step", "kernel") else "--:"
        for column in head
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, marks, *rows])

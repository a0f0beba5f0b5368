"""Measure and write BENCHMARKS.md: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import peers, report
from benchmarks.running import Run, interleaved, run

ROOT = Path(__file__).parents[1]
LOUDNESS_LUFS, CEILING_DBTP = -9.0, -1.0
ENGINE = "masterify"
NEAR_LU, MOST_RUNS, LEAST_SLOPE = 0.1, 12, 0.1


def main() -> int:
    """Run everything, one program at a time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--song", help="instead of four minutes made of the example song")
    parser.add_argument("--song-name", help="how BENCHMARKS.md calls the song")
    parser.add_argument(
        "--peers-python", default=sys.executable, help="Python of an environment that has peers"
    )
    parser.add_argument("--rounds", type=int, default=5, help="best of so many runs")
    parser.add_argument("--out", type=Path, default=ROOT / "BENCHMARKS.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="masterify-benchmarks-") as room:
        facts = measure(Path(room), chosen)
    chosen.out.write_text(report.page(facts), encoding="utf-8")
    say(f"wrote {chosen.out}")
    return 0


def measure(room: Path, chosen: argparse.Namespace) -> report.Facts:
    """Everything that the page tells."""
    song = room / "song.wav"
    about = must([sys.executable, "-m", "benchmarks.song", song, *([chosen.song] if chosen.song else [])])
    title = chosen.song_name or (
        Path(chosen.song).name if chosen.song else "the example song, ten times over"
    )
    say(f"{title}: {about}")
    must([sys.executable, "-m", "masterify_cli", "warmup"])
    level = inside("levels", song)[0]
    # Matchering wants a song to follow: this one at the target's loudness, so that tone is no matter.
    reference = room / "reference.wav"
    must([*masterify(song, room / "reference", "--intensity", "0"), "--name", "reference"])
    shutil.move(room / "reference" / "reference.wav", reference)
    task = peers.Task(song, reference, level["integrated_lufs"], LOUDNESS_LUFS, CEILING_DBTP, level["rate"])
    others = peers.found(task, chosen.peers_python)
    jobs = {ENGINE: lambda: run([*masterify(song, room / "own"), "--overwrite"])}
    jobs |= {each.name: lambda each=each: each.job(room / f"{each.name}.wav") for each in others}
    best = interleaved(jobs, chosen.rounds, say)
    made = {each.name: room / f"{each.name}.wav" for each in others}
    made[ENGINE] = next((room / "own").iterdir())
    done = [name for name in jobs if best[name].code == 0 and made[name].exists()]
    measured = dict(zip(done, inside("levels", *(made[name] for name in done)), strict=True))
    repeated = {
        each.name: on_target(each, measured[each.name], best[each.name], room)
        for each in others
        if each.nearer and each.name in measured
    }
    versions = {each.name: (each.version, each.how) for each in others}
    versions[ENGINE] = (
        must([sys.executable, "-m", "masterify_cli", "--version"]).split()[-1],
        "`masterify master`",
    )
    return report.Facts(
        machine=machine(),
        song=f"{title}: {about}, {level['integrated_lufs']:.1f} LUFS, {level['true_peak_dbtp']:+.1f} dBTP",
        song_mb=level["seconds"] * level["rate"] * 8 / 1e6,
        target=(LOUDNESS_LUFS, CEILING_DBTP),
        rounds=chosen.rounds,
        whole=[
            report.Whole(
                name, *versions[name], best[name], level["seconds"], measured.get(name), repeated.get(name)
            )
            for name in jobs
        ],
        engine=inside("whole", song, str(chosen.rounds)),
        inside=inside("kernels", song),
        commands=commands(room, song, chosen.rounds),
    )


def on_target(peer: peers.Peer, levels: dict[str, float], first: Run, room: Path) -> report.Repeated:
    """Run a program that wants a gain until its file is right; its best first run counts as the first.

    The secant method, begun with what the first file was wrong by: what a patient user would do.
    """
    assert peer.nearer is not None
    times, used, more_db, slope = 1, first, 0.0, 1.0
    while abs(wrong_db := LOUDNESS_LUFS - levels["integrated_lufs"]) > NEAR_LU and times < MOST_RUNS:
        step_db = wrong_db / slope
        more_db += step_db
        out = room / f"{peer.name}-nearer.wav"
        used += peer.nearer(out, more_db)
        times += 1
        before, levels = levels, inside("levels", out)[0]
        slope = max(LEAST_SLOPE, (levels["integrated_lufs"] - before["integrated_lufs"]) / step_db)
        say(f"{peer.name}, run {times}: {more_db:+.1f} dB, {levels['integrated_lufs']:.2f} LUFS")
    return report.Repeated(times, used, levels)


def masterify(song: Path, out: Path, *more: str) -> list[str]:
    """The command line that competes."""
    target = ["--loudness", f"{LOUDNESS_LUFS:g}", "--ceiling", f"{CEILING_DBTP:g}"]
    start = [sys.executable, "-m", "masterify_cli", "master", str(song), "--platforms", "universal"]
    return [*start, *target, "--output-dir", str(out), "--quiet", *more]


def commands(room: Path, song: Path, rounds: int) -> dict[str, Run]:
    """Start-up, the first run ever, and the meter."""
    own = [sys.executable, "-m", "masterify_cli"]

    def first_run() -> Run:
        with tempfile.TemporaryDirectory(dir=room) as cache:
            return run([*masterify(song, room / "first"), "--overwrite"], env={"MASTERIFY_CACHE_DIR": cache})

    jobs = {
        "`masterify --help`": lambda: run([*own, "--help"]),
        "`import masterify_core.mastering`": lambda: run(
            [sys.executable, "-c", "import masterify_core.mastering"]
        ),
        "`masterify analyze` of the song": lambda: run([*own, "analyze", str(song), "--quiet"]),
        "`masterify master`, two platforms": lambda: run(
            [
                *own,
                "master",
                str(song),
                "-p",
                "spotify,apple_music",
                "-o",
                str(room / "two"),
                "--overwrite",
                "--quiet",
            ]
        ),
        "`masterify master`, the first run ever: kernels are compiled": first_run,
    }
    return interleaved(jobs, rounds, say)


def inside(what: str, *arguments: object) -> report.Json:
    """Ask `benchmarks.inside`, in a process of its own."""
    said = must([sys.executable, "-m", "benchmarks.inside", what, *map(str, arguments)])
    return json.loads(said.splitlines()[-1])


def machine() -> list[str]:
    """Processor, cores, system, Python and the packages that count."""
    code = (
        "import platform, os; from importlib.metadata import version;"
        "print(platform.platform()); print(os.cpu_count());"
        "print('Python', platform.python_version(), *(f', {p} {version(p)}' for p in ('numpy', 'numba', 'soxr')), sep=' ')"
    )
    system, cores, python = must([sys.executable, "-c", code]).splitlines()
    names = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    processor = next(
        (line.split(":")[1].strip() for line in names if line.startswith("model name")), "unknown processor"
    )
    return [f"{processor}, {cores} cores", system, python.replace(" ,", ",")]


def must(command: list[object]) -> str:
    """What the command says; the benchmark ends where it fails."""
    done = run([str(word) for word in command])
    if done.code:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.said}")
    return done.said.strip()


def say(line: str) -> None:
    """Tell how far it is."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

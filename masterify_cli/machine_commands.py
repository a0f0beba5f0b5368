"""``masterify warmup`` and ``masterify doctor``: make this machine ready; say what it can and cannot do."""

from __future__ import annotations

import time

from masterify_cli import exits, first_run, printing
from masterify_cli.options import Json, PresetDirs, Quiet


def warmup(quiet: Quiet = False, as_json: Json = False) -> int:
    """Compile the engine now; the first song need not wait.

    Done once for each machine and version; afterwards this ends at once.
    """
    started = time.perf_counter()
    compiled = first_run.prepare(quiet or as_json, everything=True)
    seconds = time.perf_counter() - started
    if as_json:
        printing.document({"compiled": compiled, "seconds": round(seconds, 2), "cache": _cache()})
    elif not quiet:
        done = f"{compiled} kernels compiled in {seconds:.1f} s" if compiled else "nothing to do"
        printing.line(f"The engine is ready: {done}.")
    return exits.DONE


def doctor(preset_dir: PresetDirs = None, as_json: Json = False) -> int:
    """Say what this machine can and cannot do.

    The meter is checked against another one on the way. Exit code 0 if songs can be mastered here, 1 if not.
    """
    from masterify_cli import checkup

    findings = checkup.all_findings(preset_dir or ())
    works = all(finding.ok or not finding.needed for finding in findings)
    if as_json:
        printing.document({"ok": works, "checks": [finding.to_dict() for finding in findings]})
    else:
        from masterify_cli import show

        show.checkup(findings, works)
    return exits.DONE if works else exits.OUR_FAULT


def _cache() -> str | None:
    from masterify_core.kernels import _jit

    folder = _jit.cache_folder()
    return str(folder) if folder else None

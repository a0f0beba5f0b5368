"""The program ``masterify``: its commands, and how every way to end becomes an exit code."""

from __future__ import annotations

import atexit
import contextlib
import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from masterify_cli import exits, printing
from masterify_cli.help import Command, Group
from masterify_core.errors import MasterifyError

INTERRUPTED = 130
"""What shells answer for a program that Ctrl-C ended (128 + SIGINT)."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
"""What writing to standard output is answered on a full or broken disk; errors of files know the file's name."""

_EPILOG = (
    "Exit codes:\n"
    + "".join(f"  {code}  {meaning}\n" for code, meaning in exits.MEANING.items())
    + "\nWith --json, what stops the whole command is one object: "
    + '{"error": {"code": ..., "message": ...}}.\n'
)

COMMANDS = {
    "master": "master_command",
    "preview": "preview_command",
    "album": "album_command",
    "analyze": "analyze_command",
    "check": "check_command",
    "compare": "compare_command",
    "presets": "presets_commands",
    "warmup": "machine_commands",
    "doctor": "machine_commands",
    "serve": "service_commands",
    "web": "service_commands",
    "worker": "service_commands",
    "keeper": "service_commands",
    "admin": "admin_commands",
    "remote": "remote_command",
}
"""The modules that hold the commands, in the order of the help; only that of the one asked for is imported."""

_WrongCommandLine: type[Exception] = typer.BadParameter.__bases__[0]
"""Typer's root of everything that is wrong with a command line; it has no public name."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"masterify {version('masterify')}")
        raise typer.Exit


def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Master songs: exact loudness, safe true peak, every decision explained.

    masterify master song.wav --platforms spotify,apple_music
    """


def run() -> NoReturn:
    """Be the program: the command line of this process, its streams and its signals."""
    one_thread_for_linear_algebra()
    printing.survive_any_stream()
    for name, number in (("SIGTERM", 15), ("SIGHUP", 1)):
        wanted = getattr(signal, name, None)
        if wanted is not None and signal.getsignal(wanted) is signal.SIG_DFL:  # nohup's choice stands
            signal.signal(wanted, lambda *_, code=128 + number: sys.exit(code))
    _leave(main(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """End the process without taking the interpreter apart, which takes 25 ms; who asked to be told of the end is told."""
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # what could not be shown was told of in `main`
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str]) -> int:
    """Carry out a command line; answer the exit code. Nothing but `SystemExit` and bugs in here get out."""
    debug = "--debug" in arguments or bool(os.environ.get("MASTERIFY_DEBUG"))
    try:
        app = _app(arguments[0] if arguments else "")
        code: Any = typer.main.get_command(app).main(
            args=list(arguments), prog_name="masterify", standalone_mode=False
        )
    except _WrongCommandLine as error:
        return _wrong(error, arguments)
    except MasterifyError as error:
        return _ended(error, arguments)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
            return _ended(exits.ScreenError(error), arguments)
        if debug:
            import traceback

            traceback.print_exc()
        return _ended(exits.BugError(error), arguments)
    if code == INTERRUPTED:
        printing.error("stopped; nothing half-written was left behind")
    return code if isinstance(code, int) else exits.DONE


def _app(asked: str) -> typer.Typer:
    """The program with the command asked for; with all of them if it is none, to tell what there is."""
    app = typer.Typer(
        cls=Group,
        epilog=_EPILOG,
        rich_markup_mode=None,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(program)
    for name in [asked] if asked in COMMANDS else COMMANDS:
        command = getattr(importlib.import_module(f"masterify_cli.{COMMANDS[name]}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, cls=Group)
        else:
            app.command(cls=Command)(command)
    return app


def one_thread_for_linear_algebra() -> None:
    """Keep numpy's OpenBLAS from starting threads, which costs 0.1 s of processor time and is never used."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _wrong(error: Any, arguments: Sequence[str]) -> int:
    command = error.ctx.command_path if getattr(error, "ctx", None) else "masterify"
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message())
        return exits.USAGE
    return _ended(exits.UsageError(error.format_message()), arguments, f"Try '{command} --help'.")


def _ended(error: MasterifyError, arguments: Sequence[str], hint: str = "") -> int:
    """Tell what stopped the whole command."""
    printing.error(error, hint)
    if "--json" in arguments:
        with contextlib.suppress(OSError):  # the message is out, and the code will be
            printing.document({"error": printing.error_table(error)})
    return exits.code_of(error)

"""The command line: parse, call one use case, show the result.

Commands import what they need inside their functions, so that ``posture --help`` stays fast.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from posture import __version__
from posture.cli import (
    actions,
    audit,
    checks,
    demo,
    doctor,
    exempt,
    findings,
    init,
    notify,
    operators,
    permissions,
    plans,
    query,
    scan,
    schedule,
    serve,
    simulate,
    tables,
    web,
    worker,
)
from posture.cli.console import ExitCode, report_error
from posture.errors import (
    ActionRefused,
    DefinitionError,
    DefinitionErrors,
    NotAllowed,
    NotAllowedToDecide,
    PostureError,
    QueryRefused,
    SettingsError,
    UsageError,
)


class _ReaderGone(Exception):
    """Nobody reads standard output any more."""


class _Commands(TyperGroup):
    """Tells a closed pipe from other failures: Typer would end with 1, which says that something fails."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGone from error


app = typer.Typer(
    cls=_Commands,
    name="posture",
    help="Find identity weaknesses in Microsoft Entra ID, fix them after approval, and follow them to their end.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (
    *(init, doctor, permissions, scan, findings, exempt, checks, tables, query),
    *(actions, plans, operators, audit, notify, schedule, worker, web, serve, demo, simulate),
):
    command.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"posture {__version__}")
        raise typer.Exit


@app.callback()
def _posture(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hold the options that come before a command."""


_MISTAKES = (DefinitionError, DefinitionErrors, QueryRefused, SettingsError, UsageError)
_REFUSALS = (ActionRefused, NotAllowed, NotAllowedToDecide)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def main() -> None:
    """Run the command line. An expected failure ends as sentences and an exit code, never as a traceback."""
    try:
        _run()
    except PostureError as error:
        report_error(error)
        sys.exit(_code_of(error))
    except (_ReaderGone, BrokenPipeError):
        # The reader of a pipe went away ("posture findings list | head"). Python would complain once more
        # when it flushes standard output at exit.
        _drop_output()
        sys.exit(ExitCode.DONE)
    except OSError as error:
        # Files of our own have errors of their own; what can still be full is what standard output is sent to.
        if error.errno not in _NO_ROOM:
            raise
        _drop_output()
        report_error(PostureError(f"cannot write to standard output: {error.strerror}. Make room, then try again"))
        sys.exit(ExitCode.ABORTED)


def _code_of(error: PostureError) -> int:
    if isinstance(error, _MISTAKES):
        return ExitCode.USAGE
    return ExitCode.FAILING if isinstance(error, _REFUSALS) else ExitCode.ABORTED


def _run() -> None:
    try:
        app()
    finally:
        sys.stdout.flush()  # here and not at exit, where a failure could not be told any more


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

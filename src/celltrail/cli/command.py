"""The command itself: its parser, and what becomes of errors."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import TYPE_CHECKING

from celltrail._version import __version__
from celltrail.cli import (
    bringing,
    doctor,
    one_run,
    opening,
    removing,
    running,
    several_runs,
    showing,
    taking,
)
from celltrail.cli.printable import printable
from celltrail.cli.streams import complain, prepare_streams, silence
from celltrail.config import resolve_store, use_store
from celltrail.errors import CelltrailError, CelltrailWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["command_parser", "main"]

_EPILOG = """\
The store is --store, else CELLTRAIL_STORE, else `store` of [tool.celltrail] in pyproject.toml,
else celltrail.duckdb in the nearest folder upward that has one.

Exit codes: 0 done, 1 it could not be done (stderr says why), 2 wrong usage.
"""
_INTERRUPTED = 130
#: What a shell says of a command that nobody listened to any more.
_CUT_OFF = 141


def command_parser() -> argparse.ArgumentParser:
    """Give the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="celltrail",
        description="Look at a store of celltrail, and keep it in order.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"celltrail {__version__}")
    parser.add_argument("--store", dest="chosen", metavar="PATH", help="the DuckDB file; see below")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    showing.add_parsers(commands)
    one_run.add_parser(commands)
    running.add_parser(commands)
    several_runs.add_parsers(commands)
    removing.add_parsers(commands)
    bringing.add_parsers(commands)
    taking.add_parser(commands)
    opening.add_parsers(commands, parser)
    doctor.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        What stands behind ``celltrail`` on the command line; that of the process by default.

    Returns
    -------
    int
        The exit code: 0 done, 1 when it could not be done, which stderr says in a sentence,
        2 for wrong usage, 130 when it was interrupted, 141 when its reader went away.

    Examples
    --------
    >>> from celltrail.cli import main
    >>> main(["runs", "params.lr > 1000"])
    no runs
    0
    """
    prepare_streams()
    with warnings.catch_warnings():
        warnings.simplefilter("always", CelltrailWarning)
        warnings.showwarning = _show_warning
        try:
            code = _run(arguments)
            sys.stdout.flush()
        except BrokenPipeError:  # as of `celltrail runs | head`
            silence(sys.stdout)
            return _CUT_OFF
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            complain(f"celltrail: {printable(f'{error.strerror or error}{where}')}")
            _flush_what_can_be()
            return 1
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        parsed = command_parser().parse_args(arguments)
        if parsed.chosen is not None:
            use_store(resolve_store(parsed.chosen))
        run: Callable[[argparse.Namespace], int] = parsed.run
        return run(parsed)
    except SystemExit as exit_:  # after --help, or what was wrong with the arguments
        return int(exit_.code or 0)
    except CelltrailError as error:
        complain(f"celltrail: {printable(error)}")
        return 1
    except KeyboardInterrupt:
        complain("celltrail: interrupted")
        return _INTERRUPTED


def _flush_what_can_be() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        silence(sys.stdout)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    complain(printable(message))

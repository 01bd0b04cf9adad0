"""``celltrail doctor``: what is wrong with a store, and putting it right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.cli.output import say
from celltrail.config import resolve_store
from celltrail.store.doctor import examine, repair

if TYPE_CHECKING:
    import argparse

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand.

    Parameters
    ----------
    subparsers
        What ``ArgumentParser.add_subparsers()`` gave.

    Returns
    -------
    argparse.ArgumentParser
        The subcommand's; its default ``run`` takes the parsed arguments and gives the exit
        code: 0 when nothing is wrong, or nothing is left wrong, else 1.
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "doctor",
        help="say what is wrong with a store, and repair it",
        description="Say what is wrong with a store. Everything in it is read, and nothing is "
        "changed unless --repair is given; then a copy of it is made first.",
    )
    parser.add_argument("store", nargs="?", help="the DuckDB file; by default the one in use here")
    parser.add_argument(
        "--repair", action="store_true", help="put right what can be, and say what was done"
    )
    parser.set_defaults(run=_run)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    path = resolve_store(arguments.store)
    if not arguments.repair:
        findings = examine(path)
        for finding in findings:
            say(str(finding))
        faults = [finding for finding in findings if not finding.note]
        if not faults:
            say(f"{path} is well.")
        elif any(finding.repairable for finding in faults):
            say(f"`celltrail doctor --repair {path}` puts right what can be, after a backup.")
        return 1 if faults else 0
    report = repair(path)
    for finding in report.found:
        say(str(finding))
    for sentence in report.done:
        say(f"done: {sentence}.")
    for finding in report.left:
        if not finding.note:
            say(f"left: {finding.message}")
    if report.is_well:
        say(f"{path} is well.")
    return 0 if report.is_well else 1

"""``celltrail doctor``: what is wrong with a store, and putting it right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    parser.add_argument(
        "store", nargs="?", type=Path, help="the DuckDB file; by default the one in use here"
    )
    parser.add_argument(
        "--repair", action="store_true", help="put right what can be, and say what was done"
    )
    parser.set_defaults(run=_run)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    path = resolve_store(arguments.store)
    say = sys.stdout.write
    if not arguments.repair:
        findings = examine(path)
        say("".join(f"{finding}\n" for finding in findings))
        faults = [finding for finding in findings if not finding.note]
        if not faults:
            say(f"{path} is well.\n")
        elif any(finding.repairable for finding in faults):
            say(f"`celltrail doctor --repair {path}` puts right what can be, after a backup.\n")
        return 1 if faults else 0
    report = repair(path)
    say("".join(f"{finding}\n" for finding in report.found))
    say("".join(f"done: {sentence}.\n" for sentence in report.done))
    say("".join(f"left: {finding.message}\n" for finding in report.left if not finding.note))
    if report.is_well:
        say(f"{path} is well.\n")
    return 0 if report.is_well else 1

"""``celltrail vacuum``, ``merge`` and ``import``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail import upkeep
from celltrail.cli.output import say_result
from celltrail.config import resolve_store, use_store

if TYPE_CHECKING:
    import argparse

__all__ = ["add_parsers"]


def add_parsers(commands: Any) -> None:
    """Add the subcommands to what ``ArgumentParser.add_subparsers()`` gave."""
    vacuum = commands.add_parser(
        "vacuum",
        help="make the file no larger than what is in it",
        description="Write the store anew, compare, and put the new file in the old one's place. "
        "Others can go on recording and reading; a crash leaves the old file or the new one.",
    )
    vacuum.set_defaults(run=_vacuum)

    merge = commands.add_parser(
        "merge",
        help="bring another store's runs into this one",
        description="Bring what another store has into this one: without duplicates, as often "
        "as you like, in both directions. The other one is only read.",
    )
    merge.add_argument("other", metavar="OTHER", help="the other store")
    merge.add_argument("into", metavar="INTO", nargs="?", help="the store that grows; else --store")
    merge.set_defaults(run=_merge)

    import_ = commands.add_parser(
        "import",
        help="bring what export wrote into a store",
        description="Bring an export or a bundle into a store, after everything in it has "
        "proved to be what was written. Into a store that there is it is merged.",
    )
    import_.add_argument("source", metavar="SOURCE", help="the folder or the file")
    import_.add_argument("into", metavar="INTO", nargs="?", help="the store; else --store")
    import_.set_defaults(run=_import)


def _into(arguments: argparse.Namespace) -> None:
    if arguments.into is not None:
        use_store(resolve_store(arguments.into))


def _vacuum(arguments: argparse.Namespace) -> int:
    del arguments
    say_result(upkeep.vacuum())
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    _into(arguments)
    say_result(upkeep.merge(arguments.other))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    _into(arguments)
    say_result(upkeep.import_store(arguments.source))
    return 0

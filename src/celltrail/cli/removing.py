"""``celltrail delete``, ``restore``, ``purge`` and ``prune``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from celltrail import upkeep
from celltrail.cli.output import confirm, say, say_json, say_result
from celltrail.config import read_retention
from celltrail.errors import OptionError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

__all__ = ["add_parsers"]

_WHICH = "ids, names (the newest run of that name) or numbers"
#: What ``[tool.celltrail.retention]`` may say.
_RULES = [name for name in inspect.signature(upkeep.prune).parameters if name != "dry_run"]
#: Of these, what says alone of no run that it goes.
_MODIFIERS = {"keep_tags", "keep_noted", "purge"}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: object) -> bool:
    return _is_text(value) or (isinstance(value, list) and all(map(_is_text, value)))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_TEXT = (_is_text, "a text that is not empty")
_TEXTS = (_is_texts, "a text or a list of texts")
_SWITCH = (lambda value: isinstance(value, bool), "true or false")
#: What the value of each must be.
_KINDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "older_than": (_is_text, 'an age such as "90d"'),
    "keep_last": (_is_count, "a whole number that is not negative"),
    "experiment": _TEXT,
    "status": _TEXTS,
    "where": _TEXT,
    "keep_tags": _TEXTS,
    "keep_noted": _SWITCH,
    "purge": _SWITCH,
}


def add_parsers(commands: Any) -> None:
    """Add the subcommands to what ``ArgumentParser.add_subparsers()`` gave."""
    delete = commands.add_parser(
        "delete",
        help="hide runs",
        description="Hide runs from everything; `celltrail restore` brings them back.",
    )
    delete.add_argument("runs", nargs="+", metavar="RUN", help=_WHICH)
    delete.set_defaults(run=_delete)

    restore = commands.add_parser(
        "restore",
        help="bring back deleted runs",
        description="Bring back deleted runs; `celltrail runs --deleted` lists them.",
    )
    restore.add_argument("runs", nargs="+", metavar="RUN", help=_WHICH)
    restore.set_defaults(run=_restore)

    purge = commands.add_parser(
        "purge",
        help="remove runs for good",
        description="Remove runs for good, with the contents that nobody else uses. Afterwards "
        "`celltrail vacuum` makes the file smaller.",
    )
    purge.add_argument("runs", nargs="*", metavar="RUN", help=_WHICH)
    purge.add_argument("--deleted", action="store_true", help="all deleted runs")
    _add_yes(purge)
    purge.set_defaults(run=_purge, parser=purge)

    _add_prune(commands)


def _add_prune(commands: Any) -> None:
    prune = commands.add_parser(
        "prune",
        help="delete the runs that a rule no longer keeps",
        description="Delete the runs for which everything holds that is given here, or else in "
        "[tool.celltrail.retention] of pyproject.toml (with the same names and _ for -). A run "
        "that is still recorded stays. Nothing is ever removed without this command.",
    )
    prune.add_argument("--older-than", metavar="AGE", help="ended so long ago, such as 90d or 12h")
    prune.add_argument("--keep-last", type=int, metavar="N", help="keep N of each experiment")
    prune.add_argument("--experiment", metavar="NAME", help="of this experiment only")
    prune.add_argument("--status", action="append", help="with this status only; can be repeated")
    prune.add_argument("--where", metavar="FILTER", help="that this filter holds for only")
    prune.add_argument(
        "--keep-tag", action="append", dest="keep_tags", metavar="TAG", help="keep runs with it"
    )
    prune.add_argument(
        "--keep-noted", action="store_true", default=None, help="keep runs with a note"
    )
    prune.add_argument(
        "--purge", action="store_true", default=None, help="remove them for good at once"
    )
    prune.add_argument("--dry-run", action="store_true", help="only say which runs would go")
    prune.add_argument("--json", action="store_true", help="with --dry-run: the ids as JSON")
    _add_yes(prune)
    prune.set_defaults(run=_prune, parser=prune)


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")


def _references(texts: list[str]) -> list[str | int]:
    """Take what is made of digits for a run's number."""
    return [int(text) if text.isdecimal() and len(text) < 10 else text for text in texts]


def _delete(arguments: argparse.Namespace) -> int:
    return _change(arguments, upkeep.delete, "deleted")


def _restore(arguments: argparse.Namespace) -> int:
    return _change(arguments, upkeep.restore, "restored")


def _change(arguments: argparse.Namespace, change: Callable[[Any], int], word: str) -> int:
    count = change(_references(arguments.runs))
    say(f"{word} {count:,} run{'' if count == 1 else 's'}")
    return 0


def _purge(arguments: argparse.Namespace) -> int:
    if bool(arguments.runs) == arguments.deleted:
        arguments.parser.error("give runs, or --deleted for all that are deleted")
    runs = upkeep.find_meant(
        upkeep.deleted_runs() if arguments.deleted else _references(arguments.runs)
    )
    if runs and not confirm(arguments, f"this removes {_counted(runs)} for good", runs):
        return 1
    say_result(upkeep.purge([run.id for run in runs]))
    return 0


def _prune(arguments: argparse.Namespace) -> int:
    rules = {name: value for name in _RULES if (value := getattr(arguments, name)) is not None}
    if not rules.keys() - _MODIFIERS:
        rules = {**_configured(), **rules}
    if not rules.keys() - _MODIFIERS:
        arguments.parser.error(
            "give a rule such as --older-than 90d, or put one into [tool.celltrail.retention]"
        )
    planned = upkeep.prune(**rules, dry_run=True)
    if arguments.dry_run:
        if arguments.json:
            say_json(list(planned.ids))
        else:
            say_result(planned)
            for run_id in planned.ids:
                say(run_id)
        return 0
    fate = "removes {} for good" if rules.get("purge") else "deletes {}"
    if planned.ids and not arguments.yes:
        runs = upkeep.find_meant(planned.ids)
        if not confirm(arguments, f"this {fate.format(_counted(runs))}", runs):
            return 1
    say_result(upkeep.prune(**rules))
    return 0


def _counted(runs: Sequence[object]) -> str:
    return f"{len(runs):,} run{'' if len(runs) == 1 else 's'}"


def _configured() -> dict[str, Any]:
    rules = read_retention()
    unknown = sorted(rules.keys() - set(_RULES))
    if unknown:
        message = (
            f"[tool.celltrail.retention] knows no {unknown[0]!r}; it knows {', '.join(_RULES)}."
        )
        raise OptionError(message)
    for name, value in rules.items():
        is_valid, what = _KINDS[name]
        if not is_valid(value):
            message = f"{name} of [tool.celltrail.retention] must be {what}, not {value!r}."
            raise OptionError(message)
    return rules

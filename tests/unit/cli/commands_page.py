"""Writes COMMANDS.md, the page of the command's help, from the parser itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from celltrail.cli.command import command_parser

PAGE = Path(__file__).resolve().parents[3] / "COMMANDS.md"


def page() -> str:
    """Give the whole page. What argparse writes itself differs between versions of Python."""
    parser = command_parser()
    subcommands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    lines = ["# The command `celltrail`", "", str(parser.description), ""]
    lines += [*_arguments(parser), "", *_paragraphs(parser.epilog), ""]
    for name, command in subcommands.choices.items():
        lines += [f"## `celltrail {name}`", "", *_paragraphs(command.description), ""]
        lines += ["```sh", _usage(name, command), "```", "", *_arguments(command), ""]
        if command.epilog:
            lines += [*_paragraphs(command.epilog), ""]
    return "\n".join(lines).rstrip() + "\n"


def _paragraphs(text: str | None) -> list[str]:
    """Give a text as Markdown, in which nothing of it is markup."""
    escaped = (text or "").strip().replace("<", "\\<").replace("*", "\\*").replace("_", "\\_")
    return [line.replace("|", "\\|") for line in escaped.splitlines()]


def _shown(command: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in command._actions:
        is_group = isinstance(action, argparse._SubParsersAction | argparse._HelpAction)
        if not is_group and action.help is not argparse.SUPPRESS:
            yield action


def _usage(name: str, command: argparse.ArgumentParser) -> str:
    words = [f"celltrail {name}"]
    words += [f"[{_call(a)}]" for a in _shown(command) if a.option_strings and not a.required]
    words += [_call(a) for a in _shown(command) if a.option_strings and a.required]
    words += [_positional(a) for a in command._actions if not a.option_strings]
    return " ".join(words)


def _call(action: argparse.Action) -> str:
    longest = max(action.option_strings, key=len)
    return longest if action.nargs == 0 else f"{longest} {_value(action)}"


def _value(action: argparse.Action) -> str:
    if action.metavar:
        return str(action.metavar)
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def _positional(action: argparse.Action) -> str:
    if action.nargs == argparse.REMAINDER:
        return "[ARGUMENT ...]"
    value = _value(action)
    forms = {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} [...]"}
    return forms.get(str(action.nargs), value)


def _arguments(command: argparse.ArgumentParser) -> list[str]:
    rows = []
    for action in _shown(command):
        names = ", ".join(action.option_strings) or _value(action)
        value = f" {_value(action)}" if action.option_strings and action.nargs != 0 else ""
        called = f"`{names}{value}`".replace("|", "\\|")
        rows.append(f"| {called} | {' '.join(_paragraphs(action.help))} |")
    return ["| | |", "|---|---|", *rows] if rows else []


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.name} is written\n")

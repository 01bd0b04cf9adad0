"""COMMANDS.md says what the command's help says."""

from __future__ import annotations

import argparse

import pytest
from commands_page import PAGE, page

from celltrail.cli import main
from celltrail.cli.command import command_parser


def test_the_page_is_that_of_the_parser() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it anew with `make commands`"


def commands() -> dict[str, argparse.ArgumentParser]:
    actions = command_parser()._actions
    return dict(next(a for a in actions if isinstance(a, argparse._SubParsersAction)).choices)


@pytest.mark.parametrize("name", commands())
def test_each_command_says_what_each_of_its_options_is(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    command = commands()[name]
    assert command.description
    for action in command._actions:
        if action.help != argparse.SUPPRESS:
            assert action.help, action.dest
            assert " ".join(action.help.split())[:30] in said
    assert f"## `celltrail {name}`" in PAGE.read_text("utf-8")

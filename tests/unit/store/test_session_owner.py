from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from celltrail.store import SessionOwner
from celltrail.store.owner import Life


def test_this_process_is_alive() -> None:
    owner = SessionOwner.current("s")
    assert owner.pid == os.getpid()
    assert owner.life() is Life.ALIVE
    assert SessionOwner.from_json(owner.to_json()) == owner


def test_a_process_that_ended_is_dead_even_before_it_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = replace(SessionOwner.current("s"), pid=child.pid)
    from celltrail.store.system import process_started

    owner = replace(owner, process_started=process_started(child.pid) or 0.0)
    assert owner.life() is Life.ALIVE
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert owner.life() is Life.DEAD
    child.communicate()
    assert owner.life() is Life.DEAD


def test_a_later_process_with_the_same_number_is_another_one() -> None:
    owner = SessionOwner.current("s")
    assert replace(owner, process_started=owner.process_started - 5).life() is Life.DEAD


@pytest.mark.parametrize("other", [{"host": "other", "pid": 1}, {"boot": "other"}], ids=str)
def test_of_another_machine_nothing_is_known(other: dict[str, Any]) -> None:
    assert replace(SessionOwner.current("s"), **other).life() is Life.UNKNOWN


def test_this_process_is_alive_whatever_the_machine_is_called_by_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = SessionOwner.current("s")
    monkeypatch.setattr(socket, "gethostname", lambda: "renamed")
    assert owner.life() is Life.ALIVE


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1}', "nonsense"])
def test_a_damaged_owner_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"owner|JSON|Expecting"):
        SessionOwner.from_json(text)

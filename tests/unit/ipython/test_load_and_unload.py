"""Loading the extension twice is loading it once, and unloading restores exactly."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest

import celltrail as ct
from celltrail.ipython import extension


def state(shell: Any) -> dict[str, Any]:
    """Give everything of a shell that an extension may touch."""
    return {
        "cleanup": list(shell.input_transformers_cleanup),
        "post": list(shell.input_transformers_post),
        "ast": list(shell.ast_transformers),
        "events": {name: list(hooks) for name, hooks in shell.events.callbacks.items()},
        "magics": {kind: dict(table) for kind, table in shell.magics_manager.magics.items()},
        "attributes": dict(vars(shell.magics_manager.user_magics)),
        "names": set(shell.user_ns),
        "patched": {"run_cell", "run_cell_async", "transform_cell", "showtraceback"}
        & set(vars(shell)),
    }


def run(shell: Any, cell: str) -> str:
    """Run a cell, and give what it printed."""
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text):
        shell.run_cell(cell, store_history=True)
    return text.getvalue()


def test_unloading_restores_what_was_there(shell: Any) -> None:
    before = state(shell)
    extension.load(shell)
    loaded = state(shell)
    assert loaded != before
    assert loaded["names"] == before["names"]
    extension.unload(shell)
    assert state(shell) == before


def test_loading_twice_adds_nothing(shell: Any) -> None:
    extension.load(shell)
    once = state(shell)
    extension.load(shell)
    assert state(shell) == once


def test_a_magic_of_the_same_name_comes_back(shell: Any) -> None:
    def track(line: str) -> str:
        return line

    shell.register_magic_function(track, "line", "track")
    before = state(shell)
    extension.load(shell)
    extension.unload(shell)
    assert state(shell) == before


def test_what_others_add_meanwhile_stays(shell: Any) -> None:
    def hook(*_: object) -> None: ...

    def transformer(lines: list[str]) -> list[str]:
        return lines

    extension.load(shell)
    shell.events.register("pre_run_cell", hook)
    shell.input_transformers_cleanup.append(transformer)
    extension.unload(shell)
    assert hook in shell.events.callbacks["pre_run_cell"]
    assert shell.input_transformers_cleanup[-1] is transformer


def test_unloading_when_others_have_removed_our_parts_is_no_error(shell: Any) -> None:
    extension.load(shell)
    shell.input_transformers_cleanup.clear()
    shell.input_transformers_post.clear()
    shell.events.callbacks["pre_run_cell"].clear()
    shell.events.callbacks["post_run_cell"].clear()
    shell.magics_manager.magics["line"].pop("track")
    extension.unload(shell)
    extension.unload(shell)


def test_unloading_within_a_tracked_cell_still_closes_its_record(shell: Any) -> None:
    before = state(shell)
    run(shell, "%load_ext celltrail")
    run(shell, "%%track last --quiet\nacc = float('0.5')\n%unload_ext celltrail")
    after = state(shell)
    assert after["events"] == before["events"]
    assert not any("track" in table for table in after["magics"].values())
    stored = ct.run("last")
    assert (stored.status, stored.metrics) == ("finished", {"acc": 0.5})


def test_reloading_records_each_cell_once(shell: Any) -> None:
    run(shell, "%load_ext celltrail")
    run(shell, "%reload_ext celltrail")
    run(shell, "%%track --quiet\nx = 1")
    assert len(ct.runs()) == 1


def test_a_fault_of_our_own_is_a_warning_and_the_cell_runs(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise SystemExit("fault in the test")

    extension.load(shell)
    monkeypatch.setattr("celltrail.ipython.recorder.begin", fail)
    with pytest.warns(ct.CelltrailWarning, match="not fully recorded.*fault in the test"):
        shell.run_cell("%%track\nran = True", store_history=True)
    assert shell.user_ns["ran"]


def test_switched_off_the_magics_run_the_code_and_record_nothing(
    shell: Any, monkeypatch: pytest.MonkeyPatch, store_path: Any
) -> None:
    monkeypatch.setenv("CELLTRAIL_DISABLED", "1")
    extension.load(shell)
    assert run(shell, "%%track --unknown\na = 1\nprint(a)") == "1\n"
    assert run(shell, "%track b = 2") == ""
    assert run(shell, "for i in range(2):\n    %track c = i") == ""
    assert "switched off" in run(shell, "%track")
    assert [shell.user_ns[n] for n in "abc"] == [1, 2, 1]
    assert not store_path.exists()
    assert not list(store_path.parent.glob("celltrail*"))

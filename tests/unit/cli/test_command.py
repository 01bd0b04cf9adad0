"""The command: what it says, its exit codes, and what it asks before it destroys."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import celltrail as ct
from celltrail.cli import main


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def three_runs() -> None:
    for number, lr in enumerate((0.1, 0.2, 0.3)):
        with ct.track(f"fit {number}", params={"lr": lr}, experiment="e") as run:
            run.log(acc=float("nan") if number == 1 else number / 2)
            run.tag("t")


def say(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def names() -> list[str | None]:
    return [run.name for run in ct.runs()]


def test_runs_are_listed_the_newest_first(capsys: pytest.CaptureFixture[str]) -> None:
    said = say(capsys, "runs", "params.lr > 0.15", "--columns", "params.lr,metrics.acc")
    heading, *rows = said.splitlines()
    assert heading.split()[:4] == ["id", "number", "name", "status"]
    assert [row.split()[2:4] for row in rows] == [["fit", "2"], ["fit", "1"]]
    assert rows[0].split()[-2:] == ["0.3", "1"]
    assert say(capsys, "runs", "params.lr > 5") == "no runs\n"


def test_tags_and_durations_are_written_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    with ct.track("tagged", tags=["one", "two"]):
        pass
    line = say(capsys, "runs", "name = 'tagged'", "--columns", "tags").splitlines()[1]
    assert line.endswith("one, two")
    assert re.search(r" \d+ m?s  ", line)


def test_runs_as_json_hold_everything(capsys: pytest.CaptureFixture[str]) -> None:
    runs = json.loads(say(capsys, "runs", "--json", "--order-by", "params.lr", "--limit", "2"))
    assert [run["params.lr"] for run in runs] == [0.1, 0.2]
    assert (runs[0]["metrics.acc"], runs[1]["metrics.acc"]) == (0.0, None), "JSON knows no NaN"
    assert runs[0]["tags"] == ["t"]
    assert runs[0]["id"] == ct.run("fit 0").id


def test_sql_gives_a_table_json_or_csv(capsys: pytest.CaptureFixture[str]) -> None:
    query = "SELECT name, number FROM v_runs ORDER BY number"
    assert say(capsys, "sql", query).split() == [
        "name",
        "number",
        "fit",
        "0",
        "1",
        "fit",
        "1",
        "2",
        "fit",
        "2",
        "3",
    ]
    assert json.loads(say(capsys, "sql", "--json", query))[0] == {"name": "fit 0", "number": 1}
    assert say(capsys, "sql", "--csv", query).splitlines()[1] == "fit 0,1"
    assert say(capsys, "sql", "SELECT 1 WHERE false") == "no rows\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["runs", "nothing ="], "celltrail: "),
        (["runs", "params.nothing = 1"], 'no param "nothing"'),
        (["sql", "DROP TABLE runs"], "only queries can be run here"),
        (["delete", "nobody"], "no run 'nobody'"),
        (["merge", "nowhere.duckdb"], "there is no store at"),
        (["import", "nowhere"], "nowhere does not exist"),
        (["prune", "--older-than", "soon", "--yes"], "an age is a number"),
        (["prune", "--status", "running", "--yes"], "no such status"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_code_1(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert sentence in say(capsys, *arguments, code=1)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["export"],
        ["export", "--all", "a", "--bundle", "b"],
        ["purge"],
        ["purge", "x", "--deleted"],
        ["prune"],
        ["prune", "--purge"],
        ["sql"],
    ],
)
def test_wrong_usage_is_code_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert say(capsys, *arguments, code=2).startswith("usage: celltrail")


@pytest.mark.parametrize(
    "command",
    [
        "runs",
        "sql",
        "delete",
        "restore",
        "purge",
        "prune",
        "vacuum",
        "merge",
        "export",
        "import",
        "doctor",
    ],
)
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert f"usage: celltrail {command}" in say(capsys, command, "--help")
    assert f"\n    {command} " in say(capsys, "--help")


def test_delete_restore_and_the_list_of_the_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    assert say(capsys, "delete", "fit 0", "2") == "deleted 2 runs\n"
    assert names() == ["fit 2"]
    assert say(capsys, "runs", "--deleted").splitlines()[0].startswith("id ")
    deleted = json.loads(say(capsys, "runs", "--deleted", "--json"))
    assert [(run["name"], run["points"]) for run in deleted] == [("fit 1", 1), ("fit 0", 1)]
    assert say(capsys, "restore", "fit 0", "fit 1") == "restored 2 runs\n"
    assert say(capsys, "runs", "--deleted") == "no deleted runs\n"
    assert names() == ["fit 2", "fit 1", "fit 0"]


def test_purge_asks_at_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert "nothing was done" in say(capsys, "purge", "fit 0", code=1)
    assert len(names()) == 3
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert say(capsys, "purge", "fit 0") == ("purged 1 run with 1 point and 0 artifacts (0 B)\n")
    assert names() == ["fit 2", "fit 1"]


@pytest.mark.parametrize("arguments", [["purge", "fit 0"], ["prune", "--keep-last", "1"]])
def test_without_a_terminal_nothing_is_destroyed_unasked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert "give --yes, there is no terminal to ask at" in say(capsys, *arguments, code=1)
    assert len(names()) == 3
    say(capsys, *arguments, "--yes")
    assert len(names()) < 3


def test_prune_follows_the_settings_of_the_project(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "pyproject.toml"
    config.write_text("[tool.celltrail.retention]\nkeep_last = 1\nkeep_tags = ['paper']\n")
    with ct.track("cited", experiment="e", tags=["paper"]):
        pass
    ct.prune(keep_last=4, dry_run=True)
    assert len(names()) == 4, "the settings do nothing of themselves"
    plan = json.loads(say(capsys, "prune", "--dry-run", "--json"))
    assert plan == [ct.run(f"fit {i}").id for i in range(3)]
    assert "would prune 1 run" in say(capsys, "prune", "--keep-last", "3", "--dry-run")
    assert say(capsys, "prune", "--yes") == "pruned 3 runs, which ct.restore brings back\n"
    assert names() == ["cited"]
    config.write_text("[tool.celltrail.retention]\nkeep_first = 1\n")
    assert "knows no 'keep_first'" in say(capsys, "prune", "--yes", code=1)
    config.write_text("[tool.celltrail.retention\n")
    assert "cannot be read" in say(capsys, "prune", "--yes", code=1)


def test_vacuum_merge_export_and_import(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, store_path: Path
) -> None:
    assert say(capsys, "vacuum").startswith("vacuumed ")
    assert "6 points" not in say(capsys, "export", "--all", "out")
    assert say(capsys, "export", "--bundle", "out.zip").startswith("exported 3 runs and 3 points")
    assert "merged 3 new runs" in say(capsys, "import", "out", "other.duckdb")
    assert "merged 0 new runs" in say(capsys, "--store", "other.duckdb", "import", "out.zip")
    ct.use(store_path)
    assert say(capsys, "merge", "other.duckdb").startswith("merged 0 new runs")
    assert say(capsys, "merge", str(store_path), "third.duckdb").startswith("merged 3 new runs")
    assert sorted(path.name for path in tmp_path.glob("*.duckdb")) == [
        "celltrail.duckdb",
        "other.duckdb",
        "third.duckdb",
    ]


def test_the_store_is_chosen_by_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert say(capsys, "--store", "empty.duckdb", "runs") == "no runs\n"
    assert "there is no store at" in say(capsys, "--store", "no.duckdb", "vacuum", code=1)


def test_purge_finds_and_shows_the_runs_before_it_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ct.run("fit 1")
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    said = say(capsys, "purge", "fit 1", code=1)
    heading, row, question = said.splitlines()[:3]
    assert heading.split() == ["id", "name", "experiment", "started"]
    assert row.split()[:4] == [run.id, "fit", "1", "e"]
    assert row.endswith(f"{run.started.astimezone():%Y-%m-%d %H:%M:%S}")
    assert question.startswith("this removes 1 run for good. Go on? [y/N]")
    said = say(capsys, "purge", "nosuch", code=1)
    assert "no run 'nosuch'" in said
    assert "Go on?" not in said
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert run.id in say(capsys, "prune", "--where", "name = 'fit 1'", code=1)
    ct.delete("fit 1")
    with ct.track("fit 1", experiment="e") as later:
        pass
    said = say(capsys, "purge", "fit 1", "--yes", code=1)
    assert run.id in said
    assert later.id in said
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert say(capsys, "purge", "--deleted").startswith("purged 1 run")
    assert len(names()) == 3


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('purge = "no"', "purge of"),
        ('keep_noted = "false"', "keep_noted of"),
        ("older_than = 90", "older_than of"),
        ('keep_last = "1"', "keep_last of"),
        ("keep_last = true", "keep_last of"),
        ("keep_last = 1.5", "keep_last of"),
        ('where = " "', "where of"),
        ('experiment = ""', "experiment of"),
        ("status = 5", "status of"),
        ("keep_tags = [1]", "keep_tags of"),
    ],
)
def test_a_setting_of_the_wrong_type_removes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rule: str, problem: str
) -> None:
    config = tmp_path / "pyproject.toml"
    config.write_text(f"[tool.celltrail.retention]\nexperiment = 'e'\n{rule}\n")
    if "experiment" in rule:
        config.write_text(f"[tool.celltrail.retention]\n{rule}\n")
    said = say(capsys, "prune", "--yes", code=1)
    assert f"{problem} [tool.celltrail.retention] must be" in said
    config.write_text("[tool.celltrail]\nretention = [['keep_last', 0]]\n")
    assert "it is no table" in say(capsys, "prune", "--yes", code=1)
    assert len(names()) == 3


def test_control_characters_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt"
    shown = r"\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt"
    with ct.track(evil, experiment=evil):
        pass
    assert shown in say(capsys, "runs", "--limit", "1")
    assert shown in say(capsys, "sql", f"SELECT name FROM v_runs WHERE name = '{evil}'")
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert shown in say(capsys, "purge", ct.last_run().id, code=1)
    for arguments in (["delete", f"{evil}?"], ["runs", f"params.{evil} = 1"]):
        assert evil[0] not in say(capsys, *arguments, code=1)
    found = json.loads(said := say(capsys, "runs", "--json", "--limit", "1"))
    assert found[0]["name"] == evil
    assert not {"\x1b", "\x9b", "\u202e"} & set(said)
    query = "SELECT chr(127) || chr(155) AS a"
    assert json.loads(say(capsys, "sql", "--json", query)) == [{"a": "\x7f\x9b"}]
    assert say(capsys, "sql", "--csv", query) == "a\n\x7f\x9b\n", "a program reads it as it is"
    ct.delete(ct.last_run())
    assert shown in say(capsys, "runs", "--deleted")


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "--all", "/proc/x"],
        ["export", "--bundle", "a file/x.zip"],
        ["export", "--all", "~nobody here/x"],
        ["--store", "/", "runs"],
        ["--store", "", "runs"],
        ["--store", "~nobody here/x", "runs"],
        ["doctor", "/"],
        ["merge", "/"],
        ["merge", "celltrail.duckdb", "/"],
        ["import", "out", "~nobody here/x"],
        ["prune", "--older-than", "999999d"],
        ["prune", "--where", "", "--yes"],
    ],
)
def test_a_place_or_an_age_that_is_none_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "a file").write_bytes(b"")
    (said,) = say(capsys, *arguments, code=1).splitlines()
    assert said.startswith("celltrail: ")
    assert len(names()) == 3


def command(*arguments: str, redirect: str, **variables: str) -> tuple[int, str]:
    """Run the command as a shell does, and give its code and what it complained of."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    line = f'exec "$@" {redirect}'
    done = subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-m", "celltrail", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**environment, **variables},
        check=False,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of another kind")
def test_streams_that_are_closed_full_or_narrow_make_no_traceback() -> None:
    with ct.track("ü 🙂", experiment="e"):
        pass
    assert command("purge", "fit 0", redirect="<&-") == (
        1,
        "celltrail: this removes 1 run for good: give --yes, there is no terminal to ask at.\n",
    )
    assert command("runs", redirect=">&-") == (0, "")
    assert command("runs", "nothing =", redirect="2>&-") == (1, "")
    code, said = command("runs", redirect="", PYTHONIOENCODING="ascii")
    assert code == 0
    assert r"\xfc \U0001f642" in said
    if Path("/dev/full").exists():
        for arguments in (["runs"], ["--help"], ["runs", "--json"]):
            assert command(*arguments, redirect=">/dev/full") == (
                1,
                "celltrail: No space left on device\n",
            )
        assert command("runs", "nothing =", redirect="2>/dev/full") == (1, "")


def test_it_is_also_a_module_and_ends_quietly_when_nobody_reads() -> None:
    command = [sys.executable, "-m", "celltrail"]
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"celltrail {ct.__version__}\n"
    with subprocess.Popen(
        [*command, "runs", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as cut_off:
        assert cut_off.stdout is not None
        assert cut_off.stderr is not None
        cut_off.stdout.close()
        assert cut_off.stderr.read() == ""
    assert cut_off.returncode == 141

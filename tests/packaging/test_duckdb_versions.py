"""A store that one supported DuckDB wrote is read and gone on with by the other."""

from __future__ import annotations

import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from environments import Distribution, Environment, run

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

#: Records one run of every kind, and prints all that the store holds.
SESSION = textwrap.dedent("""
    import json, math, sys
    import celltrail as ct

    ct.use(sys.argv[1])
    for repeat in range(2):
        with ct.track(sys.argv[2], params={"x": 0.1, "big": 2**70, "nan": math.nan, "no": None},
                      tags=["t"], note="ü") as active:
            for step in range(500):
                active.log(loss=1 / (step + 1), seen=step)
            active.log_artifact(b"content of " + sys.argv[2].encode(), name="a.bin")
        ct.runs().df()
    if len(sys.argv) > 3:
        getattr(ct, sys.argv[3])()
    found = []
    for run in ct.runs():
        history = run.history("loss")
        found.append([run.name, run.number, run.status.value, run.note, run.tags,
                      repr(run.params), repr(run.metrics), len(history), sum(history["value"]),
                      run.artifact("a.bin").bytes().decode(), run.source])
    counted = ct.sql("SELECT count(*) AS n FROM v_history")["n"].tolist()
    print(json.dumps({"runs": found, "points": counted}))
""")


@pytest.fixture
def versions(
    distribution: Distribution, new_environment: Callable[..., Environment], root: Path
) -> dict[str, str]:
    """Give a python with the oldest DuckDB that celltrail admits, and this one."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    (oldest,) = (
        re.sub(r">=", "==", pin) for pin in project["dependencies"] if pin.startswith("duckdb")
    )
    environment = new_environment()
    environment.install("--upgrade", "pip")
    environment.install(str(distribution.wheel), oldest)
    return {"oldest": environment.python, "newest": sys.executable}


def session(python: str, store: Path, *arguments: str) -> dict[str, Any]:
    """Record with one version of DuckDB, and give what it reads then."""
    command = [python, "-W", "error::UserWarning", "-c", SESSION, str(store), *arguments]
    printed = run(command, env={"HOME": str(store.parent)}, cwd=store.parent)
    read: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return read


@pytest.mark.parametrize("first", ["oldest", "newest"])
def test_two_versions_of_duckdb_take_turns_with_one_store(
    first: str, versions: dict[str, str], tmp_path: Path
) -> None:
    """Also after the other one has made the file anew."""
    second = {"oldest": "newest", "newest": "oldest"}[first]
    store = tmp_path / "s.duckdb"
    before = session(versions[first], store, "a")
    after = session(versions[second], store, "b", "vacuum")
    last = session(versions[first], store, "c")
    assert after["runs"][2:] == before["runs"]
    assert last["runs"][2:] == after["runs"]
    assert [run[1] for run in last["runs"]] == [6, 5, 4, 3, 2, 1]
    assert last["points"] == [6 * 1000]

"""What is recorded without being asked for: cells, outputs, executions; and how much of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kernel_session import KernelSession

RUNS = (
    "import celltrail as ct, json\n"
    "print(json.dumps([{'params': r.params, 'metrics': r.metrics, 'auto': r.auto, "
    "'source': r.source, 'git_diff': r.git_diff, 'error': r.error and r.error.message, "
    "'outputs': [(o.kind, o.name, o.text) for o in r.outputs], "
    "'artifacts': [a.name for a in r.artifacts], "
    "'previous': r.previous and r.previous.number} for r in list(ct.runs())[::-1]]))"
)


def runs(kernel: KernelSession) -> list[dict[str, object]]:
    return list(json.loads(kernel.run(RUNS).text))


def test_only_cells_that_compute_are_runs_and_each_knows_the_one_before(
    kernel: KernelSession,
) -> None:
    told = kernel.run("%track --auto")
    assert "celltrail records every cell" in told.text
    cells = ["import math", "rate = 0.5", "def f(x): return x * rate", "rate"]
    cells += ["loss = f(3)", "loss = f(3)", "%pwd", "print(loss)", "1 / 0"]
    for cell in cells:
        kernel.run(cell)
    assert "is a run, because the statement on line 1" in kernel.run("%track --explain").text
    kernel.run("%track --no-auto")
    kernel.run("loss = f(4)")
    found = runs(kernel)
    assert [run["source"] for run in found] == ["loss = f(3)", "loss = f(3)", "1 / 0"]
    assert [run["previous"] for run in found] == [None, 1, None]
    assert found[0]["params"] == {"rate": 0.5, "f.x": 3}
    assert found[0]["metrics"] == {"loss": 1.5}
    assert found[2]["error"] == "division by zero"
    assert all(run["auto"] for run in found)


def test_a_cell_says_why_each_of_its_values_was_recorded(kernel: KernelSession) -> None:
    text = kernel.run("%%track --quiet --explain\nk = 3\nscore = abs(k) / 2").text
    assert "by itself this cell is a run, because abs() on line 3 computes something" in text
    assert "param k: assigned a literal on line 2" in text
    assert "metric score: computed on line 3" in text


def test_what_a_cell_shows_is_recorded(kernel: KernelSession) -> None:
    kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt, sys, warnings, pandas as pd")
    kernel.run(
        "%%track --quiet\nprint('out')\nprint('err', file=sys.stderr)\nwarnings.warn('careful')\n"
        "!echo from a shell\nplt.plot([1, 2])\ndisplay(pd.DataFrame({'a': [1]}))\n40 + 2"
    )
    kernel.run("%%track --quiet\nraise ValueError('bad')")
    shown, failed = runs(kernel)
    outputs = shown["outputs"]
    assert isinstance(outputs, list)
    kinds = [kind for kind, _, _ in outputs]
    assert kinds.count("stream") >= 2
    assert {"display", "result", "warning"} <= set(kinds)
    texts = "".join(text or "" for kind, _, text in outputs)
    for expected in ("out\n", "err\n", "from a shell", "careful", "42"):
        assert expected in texts
    names = shown["artifacts"]
    assert isinstance(names, list)
    assert any(name.startswith("figure-") and name.endswith(".png") for name in names)
    assert any(name.endswith(".html") for name in names)
    assert [output[:2] for output in failed["outputs"]] == [["error", "ValueError"]]  # type: ignore[attr-defined]


def test_a_flood_is_cut_and_the_cell_is_as_ever(kernel: KernelSession) -> None:
    answer = kernel.run("%%track --quiet\nfor v in range(3000):\n    print('y' * 100)")
    assert len(answer.text) == 3000 * 101
    (run,) = runs(kernel)
    ((_, _, text),) = run["outputs"]  # type: ignore[misc]
    assert len(text) <= 65_536
    assert text.endswith("yyy\n")


def test_every_execution_knows_its_names(kernel: KernelSession) -> None:
    kernel.run("a = [1]\nb = 2")
    kernel.run("%%track --quiet\na.append(b)\nc = len(a)")
    kernel.run("del b")
    query = "select reads, binds, mutated, deleted from v_cells order by started"
    rows = kernel.run(f"import celltrail as ct\nprint(ct.sql('{query}').values.tolist())").text
    assert "['[]', '[\"a\", \"b\"]', '[]', '[]']" in rows
    assert "['[\"a\", \"b\"]', '[\"c\"]', '[\"a\"]', '[]']" in rows
    assert "['[]', '[]', '[]', '[\"b\"]']" in rows


LEVELS = {
    "full": (True, True, True),
    "code": (True, False, True),
    "values": (False, False, False),
}


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_says_how_much_is_recorded(
    level: str, tmp_path: Path, kernel: KernelSession
) -> None:
    has_source, has_outputs, has_message = LEVELS[level]
    (tmp_path / "pyproject.toml").write_text(f'[tool.celltrail]\ncapture = "{level}"\n')
    said = kernel.run("%reload_ext celltrail").text
    assert f'(capture = "{level}")' in said
    kernel.run("%%track --quiet\nx = 0.5\nprint('shown')\ny = x * 2")
    kernel.run("%%track --quiet\nraise ValueError('a message')")
    first, second = runs(kernel)
    assert first["params"] == {"x": 0.5}
    assert first["metrics"] == {"y": 1.0}
    assert ("print" in str(first["source"])) == has_source
    assert bool(first["outputs"]) == has_outputs
    assert (second["error"] == "a message") == has_message
    store = tmp_path / "celltrail.duckdb"
    kernel.close()
    content = store.read_bytes()
    assert (b"print('shown')" in content) <= has_source


def test_names_that_are_ignored_are_not_inferred(tmp_path: Path, kernel: KernelSession) -> None:
    kernel.run("import celltrail as ct\nct.ignore('tmp_*')")
    kernel.run("%%track --quiet\ntmp_a = 1\nb = 2\ntmp_c = b * 1.5")
    (run,) = runs(kernel)
    assert (run["params"], run["metrics"]) == ({"b": 2}, {})


def test_seeds_of_the_session_are_params_of_later_runs(kernel: KernelSession) -> None:
    kernel.run("import random, numpy as np\nSEED = 5\nrandom.seed(3)\nnp.random.seed(SEED)")
    kernel.run("generator = np.random.default_rng(7)")
    kernel.run("%%track --quiet\nx = random.random() * 2")
    kernel.run("%%track --quiet\nSEED = 6\nnp.random.seed(SEED)\ny = random.random() * 2")
    first, second = runs(kernel)
    assert first["params"] == {"random.seed": 3, "numpy.random.seed": 5}
    assert second["params"] == {"SEED": 6, "random.seed": 3}

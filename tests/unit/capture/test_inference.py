"""Which values of a cell are params and metrics, and the reason that each is given."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from celltrail.capture.before import look_before
from celltrail.capture.infer import Inference, infer
from celltrail.capture.names import analyse
from celltrail.capture.values import NOTHING, plain
from celltrail.model import Inferred


def run_cell(
    code: str, namespace: dict[str, Any] | None = None, result: Any = NOTHING, **options: Any
) -> Inference:
    """Run code as a cell is run, and infer."""
    space = {} if namespace is None else namespace
    names = analyse(code)
    assert names is not None
    before = look_before(names, space)
    failed = True
    with contextlib.suppress(ZeroDivisionError):
        exec(code, space)
        failed = False
    return infer(before, space, failed=failed, result=result, **options)


def values(found: dict[str, Inferred]) -> dict[str, Any]:
    return {name: inferred.value for name, inferred in found.items()}


def test_literals_are_params_and_computed_numbers_metrics_each_with_its_line() -> None:
    found = run_cell("lr = 0.1\nname = 'adam'\nacc = 1 - lr / 2")
    assert values(found.params) == {"lr": 0.1, "name": "adam"}
    assert values(found.metrics) == {"acc": 0.95}
    assert found.params["lr"].reason == "assigned a literal on line 1"
    assert found.metrics["acc"].reason == "computed on line 3"


def test_what_the_cell_reads_has_the_value_from_before_it_ran() -> None:
    found = run_cell("lr = lr * 10", {"lr": 0.1})
    assert found.params["lr"] == Inferred(0.1, "read from an earlier cell")
    assert values(found.metrics) == {"lr": 1.0}


def test_settings_that_called_functions_read_are_params() -> None:
    space: dict[str, Any] = {"lr": 0.1, "depth": 3, "unused": 1}
    exec("def inner(): return depth\ndef fit(): return lr * inner()", space)
    found = run_cell("score = fit()", space)
    assert found.params["lr"] == Inferred(0.1, "read by fit() from an earlier cell")
    assert found.params["depth"].reason == "read by inner() from an earlier cell"
    assert "unused" not in found.params


def test_small_containers_are_params_and_mappings_get_dotted_names() -> None:
    found = run_cell("layers = [64, 32]\ncfg = {'lr': 0.1, 'sgd': {'momentum': 0.9}}\nempty = {}")
    assert values(found.params) == {"layers": [64, 32], "cfg.lr": 0.1, "cfg.sgd.momentum": 0.9}


def test_data_and_versions_that_are_written_out_are_no_params() -> None:
    code = "X_new = [[5.5, 1.7]]\nsentences = ['a', 'b']\nd = {'numpy': '1.21.2', 'scipy': '>=1.7'}"
    assert values(run_cell(code).params) == {}
    assert values(run_cell("n = len(texts)", {"texts": ["a"]}).params) == {}
    code = "layers = [[8, 4]]\nx = 3\nnames = {'numpy': 'np'}"
    assert values(run_cell(code).params) == {"layers": [[8, 4]], "x": 3, "names.numpy": "np"}


def test_the_settings_of_a_cell_are_no_metrics_when_it_ends_with_them() -> None:
    found = run_cell("params = {'eta': 0.3, 'depth': 3}\nparams", result={"eta": 0.3, "depth": 3})
    assert values(found.params) == {"params.eta": 0.3, "params.depth": 3}
    assert not found.metrics


def test_mappings_that_look_like_versions_or_data_are_params() -> None:
    code = "params = {'lr': '0.1', 'wd': '0.01'}\ndata = {'path': 'a.csv'}\nrows = (3, 4)"
    assert values(run_cell(code).params) == {
        "params.lr": "0.1", "params.wd": "0.01", "data.path": "a.csv", "rows": [3, 4],
    }  # fmt: skip


def test_a_list_of_scores_at_the_end_is_a_metric_with_steps() -> None:
    found = run_cell("[score(k) for k in ks]", result=[0.5, 0.75], namespace={"ks": (), "score": 1})
    assert list(found.series["score"]) == [(0, 0.5), (1, 0.75)]
    found = run_cell("[row(k) for k in ks]", result=[0.5, 0.75], namespace={"ks": (), "row": 1})
    assert not found.series


def test_a_list_that_the_cell_fills_is_no_param() -> None:
    found = run_cell("losses = [1]\nlosses.append(2)")
    assert not found.params


def test_an_initial_value_that_is_computed_on_is_a_metric() -> None:
    code = "best = 0.0\nfor acc in [0.5, 0.9]:\n    if acc > best:\n        best = acc"
    assert values(run_cell(code).metrics) == {"best": 0.9}
    assert values(run_cell("epochs = 5\nepochs = int('7')").metrics) == {"epochs": 7}


@pytest.mark.parametrize(
    "code",
    [
        "for i in range(3): pass",
        "[i for i in range(3)]",
        "n = 0\nfor _ in 'ab':\n    n += 1",
        "n = len('abc')",
        "import math",
        "from math import *",
        "def f(): return 1",
        "_hidden = 2 * 3.5\n_x = 1",
        "import time\nt0 = time.time()",
        "x = object()",
        "text = str(3)",
    ],
)
def test_helpers_are_neither_params_nor_metrics(code: str) -> None:
    found = run_cell(code)
    assert (found.params, found.metrics) == ({}, {})


def test_copies_are_params_of_settings_and_metrics_of_results() -> None:
    found = run_cell("rate = base\nacc = base * 2\nfinal = acc", {"base": 0.1})
    assert values(found.params) == {"base": 0.1, "rate": 0.1}
    assert values(found.metrics) == {"acc": 0.2, "final": 0.2}


def test_a_failed_cell_does_not_record_values_of_an_earlier_run() -> None:
    space: dict[str, Any] = {"acc": 0.5}
    found = run_cell("lr = 0.1\n1 / 0\nacc = f()", space)
    assert values(found.params) == {"lr": 0.1}
    assert not found.metrics


def test_a_branch_that_was_not_taken_does_not_record_an_earlier_value() -> None:
    assert not run_cell("if False:\n    acc = float('1')", {"acc": 0.5}).metrics


def test_numbers_set_behind_the_source_are_found_unless_others_ran_too() -> None:
    code = "exec('score = 0.75')"
    assert run_cell(code).metrics == {"score": Inferred(0.75, "changed while the cell ran")}
    assert not run_cell(code, alone=False).metrics


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    global score\n    score = 0.75\nf()",
        "outer()",
        "globals()['score'] = 0.75",
        "eval(compile('score = 0.75', '', 'exec'))",
    ],
)
def test_names_that_functions_bind_are_found_too(code: str) -> None:
    space: dict[str, Any] = {}
    exec("def inner():\n    global score\n    score = 0.75\ndef outer(): inner()", space)
    assert values(run_cell(code, space).metrics) == {"score": 0.75}


@pytest.mark.parametrize(
    ("code", "value", "metrics"),
    [
        ("model.score(X)", 0.5, {"score": 0.5}),
        ("r['f1']", 0.5, {"f1": 0.5}),
        ("grid.best_score_", 0.5, {"best_score_": 0.5}),
        ("round(a, 2)", 0.5, {"a": 0.5}),
        ("x.mean()", 0.5, {"x.mean": 0.5}),
        ("df['age'].max()", 3, {"age.max": 3}),
        ("np.mean(x)", 0.5, {"x.mean": 0.5}),
        ("cross_val_score(m, x).mean()", 0.5, {"cross_val_score.mean": 0.5}),
        ("np.mean([a, b])", 0.5, {"mean": 0.5}),
        ("losses.sum(axis=1).mean().round(4)", 0.5, {"losses.mean": 0.5}),
        ("np.round(loss, 3)", 0.5, {"loss": 0.5}),
        ("a > b", True, {}),
        ("a + b", 3, {"result": 3}),
        ("len(a)", 3, {}),
        ("a", 3, {}),
        ("report()", {"acc": 1, "avg": {"f1": 0.5}}, {"acc": 1, "avg.f1": 0.5}),
        ("report()", {"acc": 1, "name": "x"}, {}),
        ("report()", {1: 1}, {}),
        ("grid.best_params_", {"C": 1.5, "gamma": 0.1}, {}),
        ("vocabulary", {"a": 0, "b": 1}, {}),
        ("counts", {"errors": 3}, {"errors": 3}),
        ("df.iloc[0, 1]", 0.5, {}),
        ("score(a), score(b), rmse(b)", (1, 2, 3), {"score_1": 1, "score_2": 2, "rmse": 3}),
        ("model.coef_, acc, len(x), score(a)", ("w", 1, 2, 3), {"score": 3}),
        ("model.predict(x)[0]", 0.5, {}),
        ("df.head(1)", pd.DataFrame({"age": [20], "accuracy": [0.5]}), {"accuracy": 0.5}),
        ("df[df.age == 20]", pd.DataFrame({"age": [20]}), {}),
        ("summarise(df)", pd.DataFrame({"age": [20]}), {"age": 20}),
        ("f()", "text", {}),
    ],
)
def test_the_last_expression_is_a_metric_when_it_is_numbers(
    code: str, value: Any, metrics: dict[str, Any]
) -> None:
    names = analyse(code)
    assert names is not None
    found = infer(look_before(names, {}), {}, result=value)
    assert values(found.metrics) == metrics


def test_numpy_numbers_count_as_numbers() -> None:
    found = run_cell("m = np.float32(0.5)\nk = np.int64(3)\nb = np.bool_(True)", {"np": np})
    assert values(found.metrics) == {"m": 0.5, "k": 3}
    assert [type(v) for v in values(found.metrics).values()] == [float, int]


def test_numbers_too_long_to_be_written_take_no_other_with_them() -> None:
    space: dict[str, Any] = {"huge": math.factorial(3000), "lr": 0.5, "big": 10**30}
    found = run_cell("acc = lr * 2\nmore = huge * 2\nless = -huge\nexact = big + 1\nn = 3", space)
    assert values(found.params) == {
        "huge": "<int of 9131 digits>",
        "lr": 0.5,
        "big": 10**30,
        "n": 3,
    }
    assert values(found.metrics) == {
        "acc": 1.0,
        "more": math.inf,
        "less": -math.inf,
        "exact": 1e30,
    }
    json.dumps([values(found.params), values(found.metrics)])
    shown = run_cell("huge", space, result=[space["huge"]])
    assert values(shown.params) == {"huge": "<int of 9131 digits>"}


def test_the_longest_int_that_can_be_written_is_kept() -> None:
    longest = 10**4299
    assert plain(longest) == longest
    assert plain([longest * 10, 1]) == ["<int of 4301 digits>", 1]


def test_powers_of_powers_are_not_worked_out() -> None:
    assert not run_cell("if 0:\n    x = (((9**64)**64)**64)**64").params


def test_a_value_that_cannot_be_read_is_left_out_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, value: object) -> None:
        if name == "bad":
            raise ValueError(name)

    monkeypatch.setattr("celltrail.capture.before.describe_dataset", fail)
    found = run_cell("acc = (good, bad)[0] * 2.5", {"bad": 1, "good": 2})
    assert values(found.params) == {"good": 2}
    assert values(found.metrics) == {"acc": 5.0}


def test_frames_and_arrays_that_are_read_are_datasets_as_they_were_before() -> None:
    space = {"df": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "X": np.zeros((3, 2))}
    found = run_cell("df = df.head(1)\nm = X.mean()", space)
    described = {d.name: (d.kind, d.shape, d.schema) for d in found.datasets}
    assert described["df"][:2] == ("pandas.DataFrame", (2, 2))
    assert described["df"][2]["a"] == "int64"
    assert described["X"] == ("numpy.ndarray", (3, 2), {"": "float64"})

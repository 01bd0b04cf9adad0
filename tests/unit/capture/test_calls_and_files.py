"""Arguments of calls, seeds, estimators, files, series: what is taken without running anything."""

from __future__ import annotations

import enum
import random
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import linear_model
from sklearn.ensemble import RandomForestClassifier, VotingRegressor
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from celltrail.capture.before import look_before
from celltrail.capture.infer import Inference, infer
from celltrail.capture.names import analyse
from celltrail.capture.values import NOTHING, plain


def run_cell(code: str, result: Any = NOTHING, **space: Any) -> Inference:
    names = analyse(code)
    assert names is not None
    space["__name__"] = "__main__"
    before = look_before(names, space)
    exec(code, space)
    return infer(before, space, result=result)


def params(code: str, **space: Any) -> dict[str, Any]:
    return {key: found.value for key, found in run_cell(code, **space).params.items()}


def test_literal_arguments_of_calls_that_matter_are_params() -> None:
    found = params(
        "parts = train_test_split([1, 2, 3, 4], test_size=0.5, random_state=1)\n"
        "model = lm.Ridge(alpha=3.0, copy_X=True)\n"
        "frame = np.linspace(0, 1, num=5)\n"
        "print(1, sep=' ')",
        train_test_split=train_test_split, lm=linear_model, np=np,
    )  # fmt: skip
    assert found == {
        "train_test_split.test_size": 0.5,
        "train_test_split.random_state": 1,
        "Ridge.alpha": 3.0,
        "Ridge.copy_X": True,
    }


def test_functions_and_classes_of_the_notebook_matter_too() -> None:
    assert params("def fit(depth): return depth\nfit(depth=3)") == {"fit.depth": 3}


def test_arguments_without_a_keyword_have_the_names_of_the_notebooks_own_code() -> None:
    code = "def split(data, ratio, seed=0, verbose=0): pass\nsplit(x, 0.2, 7, 1)\nsplit(*[x], 0.3)"
    assert params(code, x=object()) == {"split.ratio": 0.2, "split.seed": 7}
    code = "class Net:\n    def __init__(self, width, name): pass\n    def grow(self, by): pass\n"
    code += "net = Net(16, 'first')\nnet.grow(2)\nNet(*[1], name='second')"
    assert params(code) == {"Net.width": 16, "grow.by": 2, "Net.name": "second"}
    assert params("np.reshape(x, (2, 2))", np=np, x=np.ones(4)) == {}


def test_frames_that_results_come_in_have_no_params() -> None:
    code = "model.table().round(decimals=2)\nmodel.table(level=0.9)"
    model = "class Model:\n    def table(self, **kw): return np.ones(1)\nmodel = Model()\n"
    assert params(model + code, np=np) == {"table.level": 0.9}


def test_what_draws_or_labels_has_no_params() -> None:
    code = "def save_fig(name, tight=True): pass\nsave_fig('a', tight=False)"
    assert params(code) == {}
    code = "names = ['a', 'b']\nframe = pd.DataFrame([[1, 2]], columns=names)"
    assert params(code, pd=pd) == {}
    code = "names = ['a']\nsmall = frame.drop(columns=names)"
    assert params(code, frame=pd.DataFrame({"a": [1], "b": [2]})) == {"names": ["a"]}


def test_what_is_called_twice_has_both_values() -> None:
    code = "a = lm.Ridge(alpha=1)\nb = lm.Ridge(alpha=2)"
    assert params(code, lm=linear_model)["Ridge.alpha"] == [1, 2]


def test_a_setting_that_is_a_name_is_recorded_under_that_name_only() -> None:
    code = "alpha = 0.7\nm = lm.Ridge(alpha=alpha)"
    assert params(code, lm=linear_model) == {"alpha": 0.7}


def test_estimators_tell_what_differs_from_their_defaults() -> None:
    code = "m = make_pipeline(Scaler(with_mean=False), Forest(7, max_depth=2))"
    space = {"make_pipeline": make_pipeline, "Scaler": StandardScaler}
    found = params(code, Forest=RandomForestClassifier, **space)
    assert found["RandomForestClassifier.n_estimators"] == 7
    assert found["RandomForestClassifier.max_depth"] == 2
    assert found["StandardScaler.with_mean"] is False
    assert "RandomForestClassifier.criterion" not in found


def test_estimators_that_contain_themselves_end() -> None:
    inner: list[Any] = [("a", linear_model.Ridge(alpha=2.0))]
    inner.append(inner)
    assert params("v = Vote(estimators=inner)", Vote=VotingRegressor, inner=inner) == {
        "Ridge.alpha": 2.0
    }

    class Looped(linear_model.Ridge):
        def __init__(self, alpha: float = 1.0) -> None:
            self.alpha = alpha

    Looped.__init__.__wrapped__ = Looped.__init__  # type: ignore[attr-defined]
    assert list(params("v = Looped(2.0)", Looped=Looped).values()) == [2.0]


def test_a_method_of_what_is_within_an_object_is_not_one_of_the_object() -> None:
    code = (
        "class Memory:\n    def sample(self, n): pass\n"
        "class Agent:\n    def __init__(self): self.memory = Memory()\n"
        "    def sample(self, temperature): pass\n"
        "agent = Agent()\nagent.memory.sample(32)\nagent.sample(0.5)"
    )
    assert params(code) == {"sample.temperature": 0.5}


def test_seeds_are_params_by_the_function_that_takes_them() -> None:
    code = "random.seed(3)\nnp.random.seed(4)\nrng = np.random.default_rng(5)"
    assert params(code, random=random, np=np) == {
        "random.seed": 3,
        "numpy.random.seed": 4,
        "numpy.random.default_rng": 5,
    }


class Color(enum.Enum):
    RED = 1


@dataclass
class Settings:
    lr: float = 0.1
    sizes: list[int] = field(default_factory=lambda: [1, 2])
    callback: Any = print


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Color.RED, "Color.RED"),
        (Path("a/b"), "a/b"),
        (np.dtype("float32"), "float32"),
        (np.float32, "numpy.float32"),
        (int, "int"),
        (range(3), "range(0, 3)"),
        ({2, 1}, [1, 2]),
        (Settings(), {"lr": 0.1, "sizes": [1, 2]}),
        (SimpleNamespace(a=1), {"a": 1}),
        (object, NOTHING),
    ],
)
def test_settings_of_special_classes_are_plain(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected or found is expected or value is object


def test_files_are_datasets_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    code = (
        "p = folder / 'x.csv'\nq = p.read_text()\nwith open(folder / 'x.csv') as f: r = f.read()\n"
        "s = (folder / 'y.txt')\nwith open(s, 'w') as f: f.write('')"
    )
    found = run_cell(code, folder=tmp_path)
    assert [(d.name, d.kind, d.size) for d in found.datasets] == [("x.csv", "file", 4)]


def series(code: str, result: Any = NOTHING, **space: Any) -> dict[str, list[float]]:
    return {key: list(s.values) for key, s in run_cell(code, result, **space).series.items()}


def test_what_a_loop_leaves_behind_is_not_told_as_if_it_were_all() -> None:
    models = [linear_model.Ridge(alpha=2.0), linear_model.Lasso(alpha=3.0)]
    assert params("for m in models:\n    pass", models=models) == {}
    code = (
        "means = []\n"
        "for k in (2, 3):\n"
        "    s = cross_val_score(m, X, y, cv=k)\n"
        "    means.append(s.mean())"
    )
    data = {"X": np.arange(12.0).reshape(12, 1), "y": np.arange(12.0)}
    found = series(code, cross_val_score=cross_val_score, m=models[0], **data)
    assert list(found) == ["means"]


def test_lists_that_a_loop_fills_are_metrics_with_steps() -> None:
    code = (
        "losses, ks, rows, history = [], [], [], {'acc': []}\nfor k in range(3):\n"
        "    losses.append(k / 2)\n    ks.append(k)\n    rows.append('x')\n"
        "    history['acc'].append(k / 4)"
    )
    assert series(code) == {"losses": [0.0, 0.5, 1.0], "history.acc": [0.0, 0.25, 0.5]}


def test_scores_of_folds_are_metrics_with_steps() -> None:
    x, y = np.arange(20.0).reshape(-1, 1), np.tile([0, 1], 10)
    space = {"x": x, "y": y, "m": linear_model.LogisticRegression()}
    found = series("s = cvs(m, x, y, cv=4)", cvs=cross_val_score, **space)
    assert found == {}, "under another name it is any array"
    found = series("s = cross_val_score(m, x, y, cv=4)", cross_val_score=cross_val_score, **space)
    assert len(found["s"]) == 4
    found = series("r = cross_validate(m, x, y, cv=3)", cross_validate=cross_validate, **space)
    assert {"r.fit_time", "r.score_time", "r.test_score"} == found.keys()
    assert series("e = -cross_val_score(m, x, y, cv=3)", cross_val_score=cross_val_score, **space)
    shown = np.array([0.5, 1.0])
    code = "cross_val_score(m, x, y, cv=2)"
    found = series(code, shown, cross_val_score=cross_val_score, **space)
    assert found == {"cross_val_score": [0.5, 1.0]}


def test_frameworks_tell_what_they_have_recorded_themselves() -> None:
    x, y = np.arange(40.0).reshape(-1, 1), np.tile([0, 1], 20)
    grid = GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1.0]}, cv=2)
    found = run_cell("grid.fit(x, y)", grid=grid, x=x, y=y)
    assert found.metrics["grid.best_score"].value == grid.best_score_
    assert found.params["grid.best_params.C"].value == grid.best_params_["C"]
    net = MLPClassifier((4,), max_iter=3)
    with pytest.warns(match="Maximum iterations"):
        found = run_cell("net.fit(x, y)", net=net, x=x, y=y)
    assert list(found.series["net.loss_curve"].values) == net.loss_curve_
    results = {"train": OrderedDict(rmse=[0.5, 0.25])}
    assert series("r = make()", make=lambda: results) == {"r.train.rmse": [0.5, 0.25]}


def test_settings_in_a_dict_that_is_the_first_argument_are_params() -> None:
    code = "def train(settings, data): ...\n"
    code += 'train({"depth": 3, "eta": rate, "verbose": 0, "more": {"a": 1}}, data)'
    found = run_cell(code, rate=0.5, data=[1]).params
    assert found["train.depth"].value == 3
    assert found["train.more.a"].value == 1
    assert not {"train.verbose", "train.eta"} & found.keys()


def test_what_frameworks_return_is_recorded_by_the_functions_name() -> None:
    results = {"train": {"rmse": [0.5, 0.25]}}
    found = run_cell("fit_all()", results, fit_all=lambda: results)
    assert list(found.series["fit_all.train.rmse"].values) == [0.5, 0.25]


def test_what_only_a_plot_reads_is_no_param() -> None:
    class Plt:
        def plot(self, *args: Any, **more: Any) -> None: ...

    found = params("title = 'x'\nwidth = 3\nplt.plot(data, width)", data=[1.0], plt=Plt())
    assert found == {}


def test_numbers_that_a_loop_leaves_behind_are_no_metrics_unless_named_so() -> None:
    code = "total = 0.0\nfor v in [1.5, 2.5]:\n    square = v * v\n    loss = v / 2\n    total += v"
    found = run_cell(code)
    assert {key: m.value for key, m in found.metrics.items()} == {"loss": 1.25, "total": 4.0}

"""Charts of predictions and of importance: the numbers are scikit-learn's."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from packed_data import data_of, datasets_of
from view_fakes import FakeRun, FakeRuns

import celltrail as ct
from celltrail.errors import OptionError, UnknownNameError
from celltrail.views import Chart

metrics = pytest.importorskip("sklearn.metrics")


def title_of(chart: Chart) -> str:
    title: str = json.loads(chart._spec)["title"]["text"]
    return title


def scored(rows: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, rows)
    return truth, np.clip(0.5 + (truth - 0.5) * 0.4 + random.normal(0, 0.25, rows), 0, 1)


@pytest.fixture
def run(store_path: Path) -> ct.Run:
    truth, score = scored()
    guess = (score > 0.5).astype(int)
    with ct.track("fit") as active:
        frame = pd.DataFrame({"truth": truth, "score": score, "guess": guess})
        active.log_artifact(frame, "predictions")
        active.log_artifact(truth.astype(float), "y_true.npy")
        active.log_artifact(score, "y_score.npy")
    return ct.run(active)


def test_a_confusion_matrix_counts_what_was_taken_for_what(run: ct.Run) -> None:
    chart = ct.plot.confusion("truth", "guess", run=run)
    truth, score = scored()
    expected = metrics.confusion_matrix(truth, score > 0.5)
    data = data_of(chart)
    assert data["count"] == expected.ravel().tolist()
    assert data["share"][0] == expected[0, 0] / expected[0].sum()
    right = int(np.trace(expected))
    assert f"400 rows · {right} right" in title_of(chart)
    assert str(expected[1, 1]) in chart._still_text()


def test_classes_are_sorted_as_what_they_are() -> None:
    chart = ct.plot.confusion([2.0, 10.0, 1.0], [2, 10, 10])
    assert data_of(chart)["truth"][::3] == ["1", "2", "10"]
    chart = ct.plot.confusion(["b", "a", None], ["b", "b", "a"], labels=["b", "a"])
    assert data_of(chart)["count"] == [1, 0, 1, 0]
    assert "2 rows · 1 left out" in title_of(chart)


@pytest.mark.parametrize(
    ("truth", "guess", "options"),
    [
        (range(61), range(61), {}),
        ([], [], {}),
        ([1, 2], [1], {}),
        ([1], [[0.1, 0.9]], {}),
        ([1], [1], {"labels": [7]}),
        ("truth", "guess", {}),
    ],
    ids=["many", "none", "lengths", "scores", "labels", "names"],
)
def test_what_is_no_confusion_is_said_to_be_wrong(
    truth: Any, guess: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(OptionError):
        ct.plot.confusion(truth, guess, **options)


def test_roc_and_pr_are_those_of_scikit_learn(run: ct.Run) -> None:
    truth, score = scored()
    roc = ct.plot.roc("truth", "score", run=run)
    false, true, _ = metrics.roc_curve(truth, score)
    data = next(d for d in datasets_of(roc).values() if "run" in d)
    assert (data["x"], data["y"]) == (false.tolist(), true.tolist())
    area = metrics.roc_auc_score(truth, score)
    assert f"{area:.4f}".rstrip("0") in roc._still_text()
    pr = ct.plot.pr("y_true", "y_score", run=run)
    precision, recall, _ = metrics.precision_recall_curve(truth, score)
    data = next(d for d in datasets_of(pr).values() if "run" in d)
    assert (data["x"], data["y"]) == (recall.tolist(), precision.tolist())
    assert json.loads(pr._spec)["layer"][1]["mark"]["interpolate"] == "step-after"


def test_several_runs_are_a_curve_each(run: ct.Run) -> None:
    chart = ct.plot.roc("truth", "score", run=[run, run])
    names = json.loads(chart._spec)["layer"][1]["encoding"]["color"]["scale"]["domain"]
    assert len(names) == 2
    assert all("AUC 0." in name for name in names)
    assert len(ct.plot.roc("truth", "score", run=ct.runs())._still_text().splitlines()) == 3


def test_very_long_curves_are_thinned_and_their_area_is_not() -> None:
    truth, score = scored(50_000)
    chart = ct.plot.roc(truth, score)
    data = next(d for d in datasets_of(chart).values() if "run" in d)
    assert len(data["x"]) == 1_500
    assert (data["x"][0], data["y"][-1]) == (0, 1)
    area = metrics.roc_auc_score(truth, score)
    assert f"AUC {area:.3f}".rstrip("0") in data["name"][0]


def test_scores_of_both_classes_and_a_named_class_are_understood() -> None:
    truth, score = scored()
    both = np.column_stack([1 - score, score])
    text = np.where(truth == 1, "yes", "no")
    expected = ct.plot.roc(truth, score)._still_text()
    assert ct.plot.roc(text, both)._still_text() == expected
    assert (
        ct.plot.roc(text, -score, positive="no")._still_text().split("predictions")[1][2:10]
        == (expected.split("predictions")[1][2:10])
    )


@pytest.mark.parametrize("kind", ["roc", "pr", "calibration"])
def test_what_is_no_binary_problem_is_said_to_be_wrong(kind: str) -> None:
    draw = getattr(ct.plot, kind)
    with pytest.raises(OptionError, match="two classes"):
        draw([0, 1, 2], [0.1, 0.2, 0.3])
    with pytest.raises(OptionError, match="all rows or none"):
        draw([0, 1], [0.1, 0.2], positive=7)
    with pytest.raises(OptionError, match="needs numbers"):
        draw([0, 1], ["a", "b"])


def test_calibration_has_counts_and_intervals() -> None:
    from sklearn.calibration import calibration_curve

    truth, score = scored()
    for strategy in ("quantile", "uniform"):
        chart = ct.plot.calibration(truth, score, bins=7, strategy=strategy)  # type: ignore
        share, mean = calibration_curve(truth, score, n_bins=7, strategy=strategy)
        data = next(d for d in datasets_of(chart).values() if "run" in d)
        assert (data["x"], data["y"]) == (mean.tolist(), share.tolist())
        assert sum(data["rows"]) == 400
        assert all(
            low <= y <= high
            for low, y, high in zip(data["low"], data["y"], data["high"], strict=True)
        )
    with pytest.raises(OptionError, match="from 0 to 1"):
        ct.plot.calibration(truth, score * 2)
    with pytest.raises(OptionError, match="strategy"):
        ct.plot.calibration(truth, score, strategy="even")  # type: ignore[arg-type]


def test_residuals_keep_the_largest_of_many() -> None:
    random = np.random.default_rng(0)
    truth = random.normal(size=20_000)
    guess = truth + random.normal(0, 0.1, 20_000)
    guess[777] += 5
    chart = ct.plot.residuals(truth, guess)
    data = next(d for d in datasets_of(chart).values() if "row" in d)
    assert len(data["row"]) == 4_000
    place = data["row"].index(777)
    assert data["residual"][place] == truth[777] - guess[777]
    assert "4,000 drawn" in title_of(chart)
    mae = metrics.mean_absolute_error(truth, guess)
    assert f"MAE {mae:.4f}"[:8] in title_of(chart)
    assert "777" in chart._still_text().splitlines()[2]


def test_residuals_of_odd_values() -> None:
    chart = ct.plot.residuals([1e300, math.nan, -1e300, 0], [1e300, 1, 1e299, math.inf])
    assert "2 rows · 2 left out, missing or not finite" in title_of(chart)
    assert "RMSE" in title_of(chart)
    assert "1 row" in title_of(ct.plot.residuals([1.0], [2.0]))
    with pytest.raises(OptionError, match="no rows"):
        ct.plot.residuals([math.nan], [1.0])
    with pytest.raises(OptionError, match="needs numbers"):
        ct.plot.residuals(["a"], ["b"])


def test_a_column_that_was_not_logged_is_said_to_be_wrong(run: ct.Run) -> None:
    with pytest.raises(UnknownNameError, match='did you mean "truth"'):
        ct.plot.residuals("trouth", "score", run=run)
    with pytest.raises(UnknownNameError):
        ct.plot.residuals("truth", "score", run=run, table="others")


def of_params(count: int) -> FakeRuns:
    """Give runs whose metric depends on «lr», a little on «model», and not on «seed»."""
    random = np.random.default_rng(1)
    made = []
    for i in range(count):
        lr, model = float(random.uniform(0, 1)), ["a", "b"][i % 2]
        params: dict[str, Any] = {"lr": lr, "model": model, "seed": i, "same": 1}
        if i % 9 == 0:
            params["extra"] = 1e300
        score = lr + 0.1 * (model == "b") + random.normal(0, 0.02)
        made.append(FakeRun(id=f"r{i}", number=i, params=params, metrics={"acc": float(score)}))
    return FakeRuns(made, {"acc": {}})


class Named(FakeRuns):
    def param_names(self) -> list[str]:
        return sorted({key for run in self._runs for key in run.params})


@pytest.mark.heavy
def test_importance_finds_what_matters_and_says_how_sure_it_is() -> None:
    runs = Named(of_params(60)._runs)
    chart = ct.plot.importance(runs, "acc", repeats=2)
    data = data_of(chart)
    assert data["param"][0] == "lr"
    assert "same" not in data["param"]
    assert data["importance"][0] > 0.5
    assert abs(data["importance"][data["param"].index("seed")]) < 0.1
    assert all(spread >= 0 for spread in data["spread"])
    assert "60 of 60 runs shown · R² on runs not seen: 0.9" in title_of(chart)
    assert data_of(ct.plot.importance(runs, "acc", repeats=2)) == data, "the same each time"


def test_importance_of_noise_says_that_it_means_nothing() -> None:
    random = np.random.default_rng(0)
    made = [
        FakeRun(id=f"{i}", params={"a": i % 5, "b": i % 3}, metrics={"acc": float(v)})
        for i, v in enumerate(random.normal(size=20))
    ]
    chart = ct.plot.importance(Named(made), "acc", params=["a", "b"], repeats=2)
    assert "these bars mean nothing" in title_of(chart)


def test_importance_of_few_runs_or_of_nothing_is_refused() -> None:
    with pytest.raises(OptionError, match=r"needs 12 runs .* there are 11"):
        ct.plot.importance(Named(of_params(11)._runs), "acc")
    same = [FakeRun(id=f"{i}", params={"a": 1}, metrics={"acc": float(i)}) for i in range(20)]
    with pytest.raises(OptionError, match="no param differs"):
        ct.plot.importance(Named(same), "acc")
    flat = [FakeRun(id=f"{i}", params={"a": i}, metrics={"acc": 1.0}) for i in range(20)]
    with pytest.raises(OptionError, match="the same in all"):
        ct.plot.importance(Named(flat), "acc")


def test_without_scikit_learn_a_chart_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("sklearn.metrics", "sklearn.ensemble", "sklearn.calibration"):
        monkeypatch.setitem(sys.modules, name, None)
    for draw in (
        lambda: ct.plot.roc([0, 1], [0, 1]),
        lambda: ct.plot.confusion([0, 1], [0, 1]),
        lambda: ct.plot.calibration([0, 1], [0, 1]),
        lambda: ct.plot.residuals([0, 1], [0, 1]),
        lambda: ct.plot.importance(FakeRuns([]), "acc"),
    ):
        with pytest.raises(OptionError, match=r"pip install 'celltrail\[charts\]'"):
            draw()


def test_charts_load_no_library_that_they_do_not_need() -> None:
    import subprocess

    code = "import sys, celltrail as ct; ct.plot.roc; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

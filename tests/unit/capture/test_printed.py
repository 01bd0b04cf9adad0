"""What is read as a metric of what a cell prints, and what is not."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

from celltrail.capture.before import look_before
from celltrail.capture.infer import Inference, infer
from celltrail.capture.names import analyse
from celltrail.capture.outputs import OutputRecord


class Model:
    """Something with results."""

    best_score_ = 0.875

    def __init__(self, score: float = 0.91234) -> None:
        self._score = score
        self.best_params_ = {"C": 10}

    def score(self, *_data: object) -> float:
        return self._score


def run(code: str, truncated: bool = False, **names: Any) -> Inference:
    """Run a cell, and infer with what it printed."""
    space: dict[str, object] = {"model": Model(), "X": [[1]], "y": [1], "Model": Model, **names}
    found = analyse(code)
    assert found is not None
    before = look_before(found, space)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        exec(code, space)
    output = OutputRecord("stream", "stdout", text=text.getvalue(), truncated=truncated)
    return infer(before, space, shown=[output])


def metrics(code: str, **names: Any) -> dict[str, Any]:
    """Give the metrics of one step."""
    return {key: one.value for key, one in run(code, **names).metrics.items()}


def series(code: str, **names: Any) -> dict[str, Any]:
    """Give the metrics of several steps."""
    return {key: list(one) for key, one in run(code, **names).series.items()}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('Test accuracy:', model.score(X, y))", {"test_accuracy": 0.91234}),
        ("print('Test accuracy: {:.2f}'.format(model.score(X, y)))", {"test_accuracy": 0.91}),
        ("print('Accuracy: {0:.2f} {n}'.format(model.score(X), n=1))", {"accuracy": 0.91}),
        ("print('Test accuracy: %.3f' % model.score(X, y))", {"test_accuracy": 0.912}),
        ("print('R2 %5.1f%%, n=%d' % (model.score(X) * 100, 7))", {"r2": 0.912}),
        ("print(f'Accuracy: {model.score(X, y):.2%}')", {"accuracy": 0.9123}),
        ("print(f'Accuracy: {100 * model.score(X, y):.1f} %')", {"accuracy": 0.912}),
        ("print('Accuracy is ' + str(round(model.score(X, y), 2)) + '!')", {"accuracy": 0.91}),
        ("print(model.score(X, y))", {"score": 0.91234}),
        ("print('Ridge:', model.score(X, y))", {"Ridge.score": 0.91234}),
        ("print('SVM', model.best_score_, model.best_params_)", {"SVM.best_score_": 0.875}),
        ("print(1 / 3)\nprint(model.score(X))\nprint(abs(-2))", {"score": 0.91234}),
        (
            "print(model.score(X))\nprint(Model(0.5).score(X))\nprint('loss', sum([2]))",
            {"score": 0.91234, "loss": 2},
        ),
        ("print('R² of the test set:', model.score(X, y))", {"r2_test_set": 0.91234}),
        ("print('Results\\n', 'loss', model.score(X) / 2, '\\n')", {"loss": 0.45617}),
        ("print('MSE', model.score(X), sep='=', end='; ')", {"mse": 0.91234}),
        ("print('loss', max([3e-7, 2e-7]))", {"loss": 3e-7}),
        ("print(f'cost: {sum([1_000_000, 234_567]):,}')", {"cost": 1_234_567}),
        ("print('loss', float('nan') * 2)", {"loss": pytest.approx(float("nan"), nan_ok=True)}),
        ("if True:\n    print('accuracy', model.score(X, y))", {"accuracy": 0.91234}),
    ],
)  # fmt: skip
def test_a_measure_that_is_only_printed_is_a_metric(code: str, expected: dict[str, Any]) -> None:
    assert metrics(code) == expected


@pytest.mark.parametrize(
    "code",
    [
        "print('Test accuracy')",
        "print('accuracy', 0.9)",
        "print('accuracy', 0.9 > 0.5)",
        "print('scores', [model.score(X)])",
        "print('score', model)",
        "print('samples', len(X))",
        "print('mean size', len(X))",
        "print('best C', model.best_params_['C'])",
        "print('loss', lr)",
        "print('upper', 'abc'.count('a'))",
        "print(*[model.score(X)])",
        "import sys\nprint('accuracy', model.score(X), file=sys.stderr)",
        "def show():\n    print('accuracy', model.score(X))\nshow()",
        "print('accuracy', model.score(X))\nprint('accuracy', model.score(X))\nprint('accuracy 1')",
        "print('a' * 2000, 'accuracy', model.score(X))",
        "print('accuracy {'.replace('{', ''), '{}'.join('ab'))",
        "for i in range(3):\n    print('value', i)",
        "_loss = [1.5]\nfor _loss in _loss:\n    print(_loss)",
    ],
)
def test_what_is_no_measure_or_not_sure_is_none(code: str) -> None:
    found = run(code, lr=0.1)
    assert not found.metrics
    assert not found.series


def test_numbers_without_a_text_are_not_mixed_up() -> None:
    code = "for i in range(2):\n    print(i)\nprint(model.score(X))"
    assert metrics(code) == {}
    assert metrics("if not X:\n    print(len(X) / 3)\nprint(model.score(X))") == {}


def test_what_a_search_reports_is_not_recorded_again_as_printed() -> None:
    search = GridSearchCV(LinearRegression(), {"positive": [True, False]}, cv=2)
    code = "search.fit(X, y)\nprint('Best score: %.1f' % search.best_score_)"
    data = [[0.0], [1.0], [2.0], [3.0]]
    assert metrics(code, search=search, X=data, y=[1.0, 2.0, 3.5, 4.0]).keys() == {
        "search.best_score"
    }


def test_a_name_keeps_the_value_that_it_has() -> None:
    found = run("acc = model.score(X)\nprint(f'accuracy: {acc:.1f}', f'{acc:.1%}')")
    assert {key: one.value for key, one in found.metrics.items()} == {"acc": 0.91234}


def test_the_reason_says_where_it_was_printed() -> None:
    found = run("\nprint('accuracy', model.score(X))")
    assert found.metrics["accuracy"].reason == "printed on line 2"


def test_a_loop_that_prints_its_loss_gives_a_curve() -> None:
    code = (
        "for epoch in range(1, 4):\n"
        "    loss = 1 / (epoch * 3)\n"
        "    print(f'Epoch [{epoch}/{3}], loss: {loss:.3f}, acc: {loss * 100:.1f} %')"
    )
    found = run(code)
    assert list(found.series["loss"]) == [(1, 0.333), (2, 0.167), (3, 1 / 9)]
    assert found.series["loss"].reason == "printed in a loop on line 3"
    assert "loss" not in found.metrics


def test_the_last_value_is_there_when_only_some_rounds_are_printed() -> None:
    code = (
        "for step in range(1000):\n"
        "    loss = 1000 - step\n"
        "    if step % 400 == 0:\n"
        "        print(step + 1, loss)"
    )
    assert series(code)["loss"] == [(1, 1000), (401, 600), (801, 200), (1000, 1)]


@pytest.mark.parametrize(
    "line",
    [
        "print(f'epoch {i}: loss {loss:.3e}')",
        "print('iter', i, 'lr', 1e-5 * 10**-i, 'loss', loss)",
        "print('iter', i, 'loss', loss, 'lr', f'{10.0**-i:.0e}')",
        "print('%d %d%% (%s) loss %.4f' % (i, i * 30, f'{i}m {i}s', loss))",
        "print(f'Jan 01 00:0{i} step {i} loss={loss:.4f}')",
        "print(i, 'loss', loss, 'best:', loss < 0.3)",
        "print(i, 'loss', loss, ['same', 'improved'][i % 2])",
        "print(i, 'device', 'cpu'.lower(), 'loss', loss)",
        "print('loss', loss)",
    ],
)
def test_rounds_are_one_curve_whatever_else_is_printed(line: str) -> None:
    found = run(f"for i in range(4):\n    loss = 1 / (i + 2)\n    {line}")
    assert list(found.series) == ["loss"], dict(found.metrics)
    assert [step for step, _ in found.series["loss"]] == [0, 1, 2, 3]
    assert not found.metrics


def test_a_value_is_not_its_own_step_and_nan_is_no_name() -> None:
    code = "for i in range(3):\n    reward = 2 * i * i + 1\n    print('reward:', reward)"
    assert series(code) == {"reward": [(0, 1), (1, 3), (2, 9)]}
    code = "for i in range(3):\n    loss = float('nan')\n    print(i, f'loss {loss:.3f}')"
    assert [step for step, _ in series(code)["loss"]] == [0, 1, 2]


def test_what_is_measured_again_after_a_loop_is_no_point_of_its_curve() -> None:
    code = "for i in range(3):\n    loss = 1 / (i + 1)\n    print(i, loss)\nloss = 0.75 * sum([1])"
    found = run(code)
    assert [step for step, _ in found.series["loss"]] == [0, 1, 2]
    assert found.metrics["loss.final"].value == 0.75


def test_many_lines_are_read_within_bounds() -> None:
    lines = "".join(f"score {{sum([i, {n}])}}\\n" for n in range(300))
    prints = "\n".join(f"    print('loss {n}:', sum([i]) / 7)" for n in range(60))
    code = f"for i in range(5):\n    print(f'{lines}')\n{prints}"
    found = run(code + f"\nprint('{'(' * 40_000}', sum([1]))")
    assert len(found.series) <= 50


def test_lines_that_look_the_same_are_not_mixed_up() -> None:
    code = (
        "for step in range(4):\n"
        "    loss, best_loss = 8.5 - step, 9.5\n"
        "    print(step, loss.__round__(1))\n"
        "    print(step, best_loss)"
    )
    assert series(code) == {}
    assert metrics(code) == {"loss": 5.5}
    code = "for step in range(3):\n    loss = 8.25 - step\n    print(step, np.round(loss, 1))"
    assert series(code, np=np) == {"loss": [(0, 8.2), (1, 7.2), (2, 6.25)]}
    code = "for step in range(3):\n    loss = np.float64(1) / 3\n    print(step, loss.round(2))"
    assert series(code, np=np) == {"loss": [(0, 0.33), (1, 0.33), (2, 1 / 3)]}


def test_rounds_are_counted_where_no_step_is_printed() -> None:
    code = "for lr in (0.1, 0.2):\n    print('lr', lr, 'val loss', sum([lr, lr]))"
    assert series(code)["val_loss"] == [(0, 0.2), (1, 0.4)]
    assert not run(code, truncated=True).series
    code = "for step in (1, 2, 3):\n    print(step, 'loss', sum([step, step]))"
    assert list(run(code, truncated=True).series["loss"]) == [(2, 4), (3, 6)]


def test_each_model_of_a_loop_has_its_own_metric() -> None:
    code = (
        "for name, one in {'Linear SVC': Model(0.5), 'KNN': Model(0.25)}.items():\n"
        "    print(name, one.score(X, y))"
    )
    assert metrics(code) == {"Linear_SVC.score": 0.5, "KNN.score": 0.25}
    code = (
        "for name, one in {'Linear SVC': Model(0.5), 'KNN': Model(0.25)}.items():\n"
        "    print(f'R2: {one.score(X, y):.2f} (+/- {one.score(X) / 8:.1f}) [{name}]')"
    )
    assert metrics(code) == {"Linear_SVC.r2": 0.5, "KNN.r2": 0.25}
    code = (
        "for one in (Model(0.5), Model(0.25)):\n"
        "    for _ in range(2):\n"
        "        print(type(one).__name__, 'accuracy:', one.score(X, y))"
    )
    assert series(code) == {"accuracy": [(0, 0.5), (1, 0.5), (2, 0.25), (3, 0.25)]}
    code = "for epoch in range(2):\n    for phase in ('train', 'val'):\n"
    code += "        print(f'{phase} loss: {(epoch + len(phase)) / 8}')"
    assert series(code) == {
        "train.loss": [(0, 0.625), (1, 0.75)],
        "val.loss": [(0, 0.375), (1, 0.5)],
    }


def test_a_secret_is_no_name_of_a_metric() -> None:
    key = "AKIA" + "2E0A8F3B244C9986"
    assert set(metrics(f"print('{key} accuracy:', model.score(X))")) == {"score"}
    code = f"for of in ('{key}', '{key}B'):\n    print(of, model.score(X))"
    assert set(series(code)) == {"score"}
    code = "for password in ('hunter', 'swordfish'):\n    print(password, model.score(X))"
    assert set(series(code)) == {"score"}


def test_lines_of_others_in_between_do_no_harm() -> None:
    code = (
        "def noise():\n    print('warning: the loss is', 'odd')\n"
        "for i in range(3):\n"
        "    noise()\n"
        "    loss = i / 2\n"
        "    print('loss', loss)"
    )
    assert series(code)["loss"] == [(0, 0.0), (1, 0.5), (2, 1.0)]


@given(
    label=st.text(max_size=30),
    value=st.floats(-1e300, 1e300),  # 1.796e308 is 1.80e+308 when rounded: infinity
    after=st.text(max_size=10),
    form=st.sampled_from(["", ".3f", ".2e", ".4g", ".1%", ">12.4f", ","]),
)
def test_any_text_and_number_can_be_read(label: str, value: float, after: str, form: str) -> None:
    code = f"print({label!r}, f'{{model.score(X):{form}}}', {after!r})"
    found = metrics(code, model=Model(value))
    assert len(found) <= 1
    for number in found.values():
        # a text that ends with another digit is one number with what is printed
        if not any(char.isdigit() or char in ".eE%+-," for char in label + after):
            assert number == pytest.approx(value, rel=0.06, abs=0.06)

"""Whether what a cell calls may have drawn random numbers of the session."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from celltrail.capture.chance import depends_on_chance
from celltrail.capture.names import analyse

_X = np.arange(8.0).reshape(4, 2)
_Y = np.array([0, 1, 0, 1])


class OwnEstimator(BaseEstimator):
    """An estimator of nobody knows what."""

    def fit(self, *_data: object) -> OwnEstimator:
        return self


def depends(code: str, **names: Any) -> bool:
    """Run a cell, and ask."""
    known = (LinearRegression, SGDClassifier, StandardScaler, GridSearchCV, OwnEstimator)
    space: dict[str, Any] = {
        **{kind.__name__: kind for kind in known},
        **{"np": np, "X": _X, "y": _Y, "make_pipeline": make_pipeline},
        **{"cross_val_score": cross_val_score, "train_test_split": train_test_split},
        **names,
    }
    exec(code, space)
    cell = analyse(code)
    assert cell is not None
    return depends_on_chance(cell.usage.calls, space)


@pytest.mark.parametrize(
    "code",
    [
        "z = np.random.normal(size=3)",
        "m = SGDClassifier().fit(X, y)",
        "m = make_pipeline(StandardScaler(), SGDClassifier())\nm.fit(X, y)",
        "a, b = train_test_split(X)",
        "m = SGDClassifier()\ns = cross_val_score(m, X, y, cv=2)",
        "m = GridSearchCV(LinearRegression(), {}, cv=2).fit(X, y)",
        "m = OwnEstimator().fit(X)",
        "def noise(n): return np.random.rand(n)\nz = noise(3)",
        "def noise(n): return np.random.rand(n)\ndef data(): return noise(2)\nz = data()",
    ],
)
def test_what_draws_or_may_draw_depends_on_chance(code: str) -> None:
    assert depends(code)


@pytest.mark.parametrize(
    "code",
    [
        "z = np.mean(X)",
        "s = StandardScaler()\nz = s.fit_transform(X)",
        "m = LinearRegression().fit(X, y)",
        "m = make_pipeline(StandardScaler(), LinearRegression())\nm.fit(X, y)",
        "m = make_pipeline(StandardScaler(), SGDClassifier(random_state=1))\nm = m.fit(X, y)",
        "m = LinearRegression()\ns = cross_val_score(m, X, y, cv=2)",
        "def mse(a, b): return np.mean((a - b) ** 2)\nz = mse(X, 1)",
        "def plot_noise(): np.random.rand(3)\nplot_noise()",
    ],
)
def test_what_is_determined_does_not(code: str) -> None:
    assert not depends(code)


def test_what_is_not_known_may_draw() -> None:
    cell = analyse("model.fit(X, y)")
    assert cell is not None
    assert depends_on_chance(cell.usage.calls, {})

from __future__ import annotations

import pytest

from celltrail.query.direction import lower_is_better


@pytest.mark.parametrize(
    "name",
    ["loss", "val_loss", "train/Loss", "RMSE", "logLoss", "error_rate", "val.mse.mean",
     "negLogLikelihood", "accuracy_loss", "mean_absolute_error", "testNLL"],
)  # fmt: skip
def test_less_is_better(name: str) -> None:
    assert lower_is_better(name) is True


@pytest.mark.parametrize(
    "name",
    ["acc", "valAccuracy", "f1_macro", "R2", "roc_auc", "neg_mean_squared_error", "test/mAP",
     "log_likelihood", "best_score", "explained_variance"],
)  # fmt: skip
def test_more_is_better(name: str) -> None:
    assert lower_is_better(name) is False


@pytest.mark.parametrize("name", ["epochs", "", "größe", "n_rows", "42", "lossy", "floss", "lr"])
def test_some_names_do_not_tell(name: str) -> None:
    assert lower_is_better(name) is None

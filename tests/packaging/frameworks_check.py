"""What frameworks report of a training, found in tracked cells; run with the frameworks at hand."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import celltrail as ct


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    ct.use(tmp_path / "celltrail.duckdb")
    found = InteractiveShell.instance()
    found.reset()
    if "celltrail" not in found.extension_manager.loaded:
        found.run_line_magic("load_ext", "celltrail")
    yield found
    ct.use(None)


DATA = """
import numpy as np
generator = np.random.default_rng(3)
x = generator.normal(size=(200, 4))
y = (x[:, 0] + x[:, 1] > 0).astype(int)
"""


def tracked(shell: InteractiveShell, setup: str, cell: str) -> Any:
    """Run a setup untracked and a cell tracked, and give the run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shell.run_cell(DATA + setup).raise_error()
        shell.run_cell("%%track --quiet\n" + cell, store_history=True).raise_error()
    return ct.last_run()


def curve(run: Any, metric: str) -> list[float]:
    return list(run.history(metric)["value"])


def test_xgboost(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        "import xgboost as xgb",
        "evals_result = {}\ndata = xgb.DMatrix(x, y)\n"
        "booster = xgb.train({'max_depth': 2, 'eta': 0.3}, data, num_boost_round=7,\n"
        "    evals=[(data, 'train')], evals_result=evals_result, verbose_eval=False)\n"
        "model = xgb.XGBClassifier(n_estimators=5, max_depth=3)\n"
        "model.fit(x, y, eval_set=[(x, y)], verbose=False)",
    )
    assert len(curve(run, "evals_result.train.rmse")) == 7
    assert curve(run, "evals_result.train.rmse")[0] > curve(run, "evals_result.train.rmse")[-1]
    assert len(curve(run, "model.validation_0.logloss")) == 5
    assert run.params["train.num_boost_round"] == 7
    assert run.params["XGBClassifier.max_depth"] == 3
    assert run.params["train.max_depth"] == 2


def test_lightgbm(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        "import lightgbm as lgb",
        "history = {}\ntrain_set = lgb.Dataset(x, y)\n"
        "booster = lgb.train({'objective': 'binary', 'verbose': -1}, train_set, 6,\n"
        "    valid_sets=[train_set], callbacks=[lgb.record_evaluation(history)])\n"
        "model = lgb.LGBMClassifier(n_estimators=4, verbose=-1)\n"
        "model.fit(x, y, eval_set=[(x, y)])",
    )
    assert len(curve(run, "history.training.binary_logloss")) == 6
    assert len(curve(run, "model.training.binary_logloss")) == 4
    assert run.params["LGBMClassifier.n_estimators"] == 4


def test_keras(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        "import keras",
        "model = keras.Sequential([keras.layers.Dense(4, activation='relu'),\n"
        "    keras.layers.Dense(1, activation='sigmoid')])\n"
        "model.compile('adam', 'binary_crossentropy', metrics=['accuracy'])\n"
        "history = model.fit(x, y, epochs=3, batch_size=50, validation_split=0.2, verbose=0)",
    )
    assert len(curve(run, "history.loss")) == 3
    assert len(curve(run, "history.val_accuracy")) == 3
    assert run.params["fit.epochs"] == 3
    assert run.params["fit.batch_size"] == 50


def test_keras_returned(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        "import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')",
        "model.fit(x, y, epochs=2, verbose=0)",
    )
    assert [len(curve(run, name)) for name in run.metrics if name.endswith("loss")] == [2]


def test_optuna(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        "import optuna\noptuna.logging.set_verbosity(optuna.logging.ERROR)\n"
        "def objective(trial):\n    return (trial.suggest_float('a', -1, 1) - 0.5) ** 2",
        "study = optuna.create_study(direction='minimize')\nstudy.optimize(objective, n_trials=8)",
    )
    values = curve(run, "study.value")
    assert len(values) == 8
    assert run.metrics["study.best_value"] == min(values)
    assert -1 <= run.params["study.best_params.a"] <= 1
    assert run.params["optimize.n_trials"] == 8


def test_a_study_in_a_database_is_not_asked(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        "import optuna\noptuna.logging.set_verbosity(optuna.logging.ERROR)",
        "study = optuna.create_study(storage='sqlite:///study.db')\n"
        "study.optimize(lambda trial: trial.suggest_float('a', 0, 1), n_trials=3)",
    )
    assert "study.value" not in run.metrics


def test_lightning(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        """
import lightning as L
import torch
from torch.utils.data import DataLoader, TensorDataset

class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
    def training_step(self, batch, _):
        features, target = batch
        loss = torch.nn.functional.mse_loss(self.layer(features).squeeze(), target)
        self.log("train_loss", loss, on_epoch=True)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

data = TensorDataset(torch.tensor(x).float(), torch.tensor(y).float())
loader = DataLoader(data, batch_size=50)
""",
        "trainer = L.Trainer(max_epochs=2, logger=False, enable_checkpointing=False,\n"
        "    enable_progress_bar=False, enable_model_summary=False)\ntrainer.fit(Net(), loader)",
    )
    assert 0 < run.metrics["trainer.train_loss"] < 10
    assert run.params["Trainer.max_epochs"] == 2


def test_transformers(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        """
import torch
from transformers import Trainer, TrainingArguments

class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
    def forward(self, features=None, labels=None):
        out = self.layer(features).squeeze(-1)
        return {"loss": torch.nn.functional.mse_loss(out, labels), "logits": out}

rows = [{"features": torch.tensor(a).float(), "labels": torch.tensor(float(b))}
        for a, b in zip(x, y)]
""",
        "args = TrainingArguments('out', max_steps=20, logging_steps=5, report_to=[],\n"
        "    learning_rate=0.01, use_cpu=True, disable_tqdm=True, save_strategy='no')\n"
        "trainer = Trainer(Small(), args, train_dataset=rows)\ntrainer.train()",
    )
    points = run.history("trainer.loss")
    assert points["step"].tolist() == [5, 10, 15, 20]
    assert run.params["args.learning_rate"] == 0.01
    assert run.params["args.max_steps"] == 20
    assert "args.adam_beta1" not in run.params


def test_statsmodels(shell: InteractiveShell) -> None:
    run = tracked(
        shell,
        "import statsmodels.api as sm",
        "result = sm.OLS(x[:, 0], sm.add_constant(x[:, 1:])).fit()\nr2 = result.rsquared",
    )
    assert 0 <= run.metrics["r2"] <= 1
    run = tracked(
        shell,
        "import statsmodels.api as sm",
        "logit = sm.Logit(x[:, 0] > 0, sm.add_constant(x[:, 1:])).fit(disp=0)\n"
        "fitted = sm.OLS(x[:, 0], sm.add_constant(x[:, 1:])).fit()\n"
        "text = fitted.summary(), logit.summary()",
    )
    assert run.metrics["fitted.rsquared"] == shell.user_ns["fitted"].rsquared
    assert run.metrics["fitted.aic"] == shell.user_ns["fitted"].aic
    assert run.metrics["logit.prsquared"] == shell.user_ns["logit"].prsquared

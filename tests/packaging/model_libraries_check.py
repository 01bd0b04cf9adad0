"""What large libraries make is stored and comes back; run by a python that has them."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
import xgboost
from pandas.testing import assert_frame_equal

import celltrail as ct
from celltrail.errors import UntrustedArtifactError
from celltrail.query import StoredArtifact

os.environ["KERAS_BACKEND"] = "torch"


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ct.use(tmp_path / "s.duckdb")


def stored(model: Any, **options: Any) -> StoredArtifact:
    with ct.track() as run:
        run.log_model(model, **options)
    assert run.warnings == []
    (artifact,) = ct.run(run).artifacts
    return artifact


def logged(value: Any, name: str) -> StoredArtifact:
    with ct.track() as run:
        run.log_artifact(value, name)
    assert run.warnings == []
    (artifact,) = ct.run(run).artifacts
    return artifact


class Tied(torch.nn.Module):
    """Weights of several types, shared, sliced, transposed and empty."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Embedding(5, 3)
        self.head = torch.nn.Linear(3, 5, bias=False)
        self.head.weight = self.embed.weight
        self.norm = torch.nn.BatchNorm1d(3)
        self.short = torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16))
        whole = torch.arange(6.0).reshape(2, 3)
        self.register_buffer("part", whole[0])
        self.register_buffer("other", whole[1])
        self.register_buffer("turned", whole.T)
        self.register_buffer("empty", torch.zeros(0))


def test_a_module_comes_back_as_its_state() -> None:
    model = Tied()
    artifact = stored(model, step=3)
    assert (artifact.name, artifact.kind) == ("model.safetensors", "model/safetensors")
    assert artifact.facts["class"].endswith("Tied")
    assert artifact.facts["version"] == torch.__version__
    state = artifact.load_model()
    assert state.keys() == model.state_dict().keys()
    for key, value in model.state_dict().items():
        assert state[key].dtype == value.dtype
        assert torch.equal(state[key], value), key
    again = Tied()
    again.load_state_dict(state)
    assert torch.equal(again.embed.weight, model.embed.weight)


def test_a_state_with_more_than_tensors_is_refused() -> None:
    optimizer = torch.optim.SGD(torch.nn.Linear(2, 2).parameters(), momentum=0.9)
    with ct.track() as run, pytest.warns(ct.CelltrailWarning, match="pickle=True"):
        run.log_model(optimizer.state_dict())
    assert ct.run(run).artifacts == []


def test_a_state_dict_and_half_a_billion_bytes() -> None:
    large = {"w": torch.randn(25_000_000), "b": torch.zeros(3)}
    state = stored(large).load_model()
    assert torch.equal(state["w"], large["w"])


@pytest.mark.parametrize(
    "tensor",
    [
        torch.rand(3, 4, 5),
        torch.rand(4, 5),
        torch.randint(0, 255, (3, 4, 5), dtype=torch.uint8),
        torch.rand(4, 5, 3, requires_grad=True),
        torch.rand(1, 4, 5).to(torch.bfloat16),
    ],
    ids=["CHW", "HW", "bytes", "with a history", "bfloat16"],
)
def test_a_tensor_is_an_image(tensor: torch.Tensor) -> None:
    assert logged(tensor, "image").load().size == (5, 4)


def test_a_tensor_makes_a_histogram_and_sound() -> None:
    values = torch.randn(3, 4, requires_grad=True)
    assert logged(ct.Histogram(values), "weights").load().counts.sum() == 12
    assert logged(ct.Audio(torch.zeros(2, 800), 8000), "tone").load().samples.shape == (800, 2)


@pytest.mark.parametrize("kind", [xgboost.XGBClassifier, xgboost.XGBRegressor])
def test_an_estimator_of_xgboost_comes_back(kind: Any) -> None:
    data, target = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    model = kind(n_estimators=2, n_jobs=1).fit(data, target)
    artifact = stored(model)
    assert artifact.kind == "model/xgboost"
    loaded = artifact.load_model()
    assert type(loaded) is kind
    assert loaded.predict(data).tolist() == model.predict(data).tolist()
    booster = stored(model.get_booster()).load_model()
    assert isinstance(booster, xgboost.Booster)


def test_a_model_of_keras_is_stored_and_loaded_by_keras() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    artifact = stored(model)
    assert artifact.kind == "model/keras"
    with pytest.raises(UntrustedArtifactError, match="can hold code"):
        artifact.load_model()
    loaded = keras.saving.load_model(artifact.save("."))
    data = np.ones((1, 2), "f4")
    assert np.allclose(loaded.predict(data, verbose=0), model.predict(data, verbose=0))


# -- tables, beside pyarrow --------------------------------------------------------------------


def test_a_table_of_pyarrow_comes_back() -> None:
    table = pa.table({"a": [1, None], "s": ["x", None], "d": [dt.date(2020, 1, 1), None]})
    artifact = logged(table, "table")
    assert pa.ipc.open_stream(artifact.bytes()).read_all().equals(table)
    assert artifact.load()["a"].tolist() == [1, pd.NA]
    assert logged(table.to_batches()[0], "batch").load()["s"].tolist() == ["x", pd.NA]
    assert logged(table, "table.parquet").load()["s"].tolist()[0] == "x"


def test_frames_come_back_when_pandas_stands_on_pyarrow() -> None:
    frame = pd.DataFrame(
        {"text": ["x", None], "n": [1.5, float("nan")], "s": pd.array(["a", None], "string")}
    )
    assert_frame_equal(logged(frame, "frame").load(), frame)
    assert_frame_equal(logged(frame, "frame.parquet").load(), frame)
    arrow = frame.convert_dtypes(dtype_backend="pyarrow")
    assert logged(arrow, "arrow").load()["text"].tolist() == ["x", pd.NA]


def test_pyarrow_reads_a_frame_that_was_written_without_it() -> None:
    frame = pd.DataFrame(
        {"t": pd.to_datetime(["2020-01-01", None]).tz_localize("UTC"), "n": [1, 2]},
        index=["a", "b"],
    )
    table = pa.ipc.open_stream(logged(frame, "frame").bytes()).read_all()
    table.validate(full=True)
    assert table.column("n").to_pylist() == [1, 2]
    assert table.column("__index_0__").to_pylist() == ["a", "b"]

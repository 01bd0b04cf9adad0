"""Models of the real libraries: stored without pickle, and loaded without running anything."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import celltrail as ct
from celltrail.errors import ArtifactError, ArtifactLostError, UntrustedArtifactError
from celltrail.query import StoredArtifact
from celltrail.record.models import model_content


def stored(model: Any, **options: Any) -> StoredArtifact:
    """Store a model and read it."""
    with ct.track() as run:
        run.log_model(model, **options)
    assert run.warnings == []
    (artifact,) = ct.run(run).artifacts
    return artifact


def refused(model: Any, **options: Any) -> str:
    with ct.track() as run, pytest.warns(ct.CelltrailWarning):
        ct.log_model(model, **options)
        run.log(loss=1.0)
    assert ct.run(run).artifacts == []
    assert ct.run(run).metrics == {"loss": 1.0}
    return run.warnings[0]


DATA = np.arange(40.0).reshape(20, 2)
TARGET = np.arange(20) % 2


def test_arrays_are_stored_as_safetensors() -> None:
    pytest.importorskip("safetensors")
    weights = {"a": np.ones((2, 3), "f4"), "b": np.arange(6).reshape(2, 3).T, "empty": np.zeros(0)}
    artifact = stored(weights, step=3)
    assert (artifact.name, artifact.kind, artifact.step) == (
        "model.safetensors",
        "model/safetensors",
        3,
    )
    assert artifact.facts["library"] == "numpy"
    assert artifact.facts["version"] == np.__version__
    loaded = artifact.load_model()
    assert {k: v.tolist() for k, v in loaded.items()} == {k: v.tolist() for k, v in weights.items()}
    assert isinstance(artifact.load(), bytes)


def test_an_estimator_is_stored_by_skops() -> None:
    pytest.importorskip("skops.io")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(DATA, TARGET)
    artifact = stored(model, name="classifier")
    assert artifact.kind == "model/skops"
    assert artifact.facts["class"] == "sklearn.pipeline.Pipeline"
    assert artifact.load_model().predict(DATA).tolist() == model.predict(DATA).tolist()


def needed(error: BaseException) -> list[str]:
    """Give the types that an error names."""
    return str(error).partition("to be safe: ")[2].partition(". If")[0].split(", ")


def twice(values: Any) -> Any:
    return values * 2


def test_types_that_are_not_known_to_be_safe_are_named_and_must_be_allowed() -> None:
    pytest.importorskip("skops.io")
    from sklearn.preprocessing import FunctionTransformer

    with ct.track() as run:
        run.log_model(FunctionTransformer(twice), name="doubling")
    read = ct.run(run)
    with pytest.raises(UntrustedArtifactError, match=r"trusted=\['.*twice'\]") as caught:
        read.load_model("doubling")
    loaded = read.load_model("doubling", trusted=needed(caught.value))
    assert loaded.transform(DATA).tolist() == (DATA * 2).tolist()
    with pytest.raises(UntrustedArtifactError):
        read.load_model("doubling", trusted=["something.else"])


def test_an_onnx_model_comes_back() -> None:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    value = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    result = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", ["x"], ["y"])
    model = helper.make_model(helper.make_graph([node], "g", [value], [result]))
    artifact = stored(model)
    assert (artifact.name, artifact.kind) == ("model.onnx", "model/onnx")
    assert artifact.load_model() == model


def test_an_onnx_model_whose_weights_are_elsewhere_is_refused() -> None:
    onnx = pytest.importorskip("onnx")
    tensor = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [1], b"1234", raw=True)
    onnx.external_data_helper.set_external_data(tensor, "weights.bin")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    graph = onnx.helper.make_graph([], "g", [], [], [tensor])
    assert "weights in other files" in refused(onnx.helper.make_model(graph))


def test_a_booster_of_lightgbm_comes_back() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    options = {"verbosity": -1, "min_data_in_leaf": 1, "num_threads": 1}
    booster = lightgbm.train(options, lightgbm.Dataset(DATA, TARGET), num_boost_round=2)
    artifact = stored(booster)
    assert artifact.kind == "model/lightgbm"
    assert artifact.load_model().predict(DATA).tolist() == booster.predict(DATA).tolist()
    estimator = lightgbm.LGBMClassifier(n_estimators=2, verbosity=-1, n_jobs=1).fit(DATA, TARGET)
    artifact = stored(estimator)
    assert artifact.kind == "model/skops"
    with pytest.raises(UntrustedArtifactError, match="lightgbm") as caught:
        artifact.load_model()
    loaded = artifact.load_model(trusted=needed(caught.value))
    assert loaded.predict(DATA).tolist() == estimator.predict(DATA).tolist()


def test_a_file_in_a_safe_format_is_stored_as_it_is(tmp_path: Path) -> None:
    numpy_tensors = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "trained.safetensors"
    numpy_tensors.save_file({"w": np.ones(2)}, path)
    artifact = stored(path)
    assert (artifact.name, artifact.bytes()) == ("trained.safetensors", path.read_bytes())
    assert artifact.load_model()["w"].tolist() == [1, 1]
    (tmp_path / "trained.pkl").write_bytes(b"")
    assert "no format for models that is safe" in refused(str(tmp_path / "trained.pkl"))
    assert "does not exist" in refused(tmp_path / "missing.onnx")


# -- pickle ----------------------------------------------------------------------------------


class Model:
    """What no library knows."""

    def __init__(self) -> None:
        self.weights = [1.0, 2.0]


class Trap:
    """Shows by a file that it was unpickled."""

    def __reduce__(self) -> Any:
        return (Path.touch, (Path("ran"),))


def test_nothing_is_pickled_unless_asked() -> None:
    assert "log_model(…, pickle=True)" in refused(Model())
    artifact = stored(Model(), pickle=True)
    assert artifact.kind == "model/pickle"
    assert artifact.facts["class"].endswith("Model")


def test_nothing_is_unpickled_unless_the_call_says_so() -> None:
    with ct.track() as run:
        run.log_model(Trap(), name="trap", pickle=True)
    read = ct.run(run)
    assert isinstance(read.artifact("trap").load(), bytes)
    with pytest.raises(UntrustedArtifactError, match="runs whatever code is in it"):
        read.load_model("trap")
    assert not Path("ran").exists()
    read.load_model("trap", allow_pickle=True)
    assert Path("ran").exists()


def test_the_name_of_a_safe_format_does_not_smuggle_in_a_pickle(tmp_path: Path) -> None:
    for name in ("model.safetensors", "model.onnx", "model.skops"):
        (tmp_path / name).write_bytes(pickle.dumps(Trap()))
        with ct.track() as run:
            run.log_model(tmp_path / name)
        with pytest.raises(ArtifactError):
            ct.run(run).load_model(name, allow_pickle=True)
    assert not Path("ran").exists()


def test_what_cannot_be_pickled_is_a_warning() -> None:
    assert "cannot be pickled" in refused(lambda: None, pickle=True)


def test_an_estimator_that_could_never_be_loaded_is_refused() -> None:
    pytest.importorskip("skops.io")
    from sklearn.preprocessing import FunctionTransformer

    class Local(FunctionTransformer):
        """What nobody could find again by its name."""

    for model in (FunctionTransformer(lambda values: values), Local()):
        assert "skops cannot store" in refused(model)
    assert stored(FunctionTransformer(twice), pickle=True).kind == "model/skops"
    assert "cannot be pickled" in refused(FunctionTransformer(lambda values: values), pickle=True)


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sys

    from sklearn.linear_model import LinearRegression

    for module in ("safetensors", "safetensors.numpy", "skops", "skops.io"):
        monkeypatch.setitem(sys.modules, module, None)
    assert "pip install celltrail[models]" in refused({"w": np.ones(2)})
    assert "pip install celltrail[models]" in refused(LinearRegression())
    assert model_content(LinearRegression(), tmp_path, pickle=True).kind == "model/pickle"


# -- reading ---------------------------------------------------------------------------------


def test_loading_says_what_is_wrong(store_path: Path) -> None:
    with ct.track() as run:
        run.log_artifact("text", "remark.txt")
        run.log_model({"w": np.zeros(200_000)}, name="large")
    read = ct.run(run)
    with pytest.raises(ArtifactError, match="is no model but of kind 'text'"):
        read.load_model("remark.txt")
    with pytest.raises(KeyError, match="no artifact"):
        read.load_model("nothing")
    (file,) = (p for p in store_path.with_name("celltrail.duckdb.files").rglob("*") if p.is_file())
    damaged = bytearray(file.read_bytes())
    damaged[-1] ^= 1
    file.write_bytes(damaged)
    with pytest.raises(ArtifactLostError, match="damaged"):
        read.load_model("large")


def test_a_format_that_can_hold_code_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "net.keras").write_bytes(b"PK")
    with ct.track() as run:
        run.log_model(tmp_path / "net.keras")
    with pytest.raises(UntrustedArtifactError, match="can hold code"):
        ct.run(run).load_model("net.keras")


def test_switched_off_no_model_is_stored(monkeypatch: pytest.MonkeyPatch, store_path: Path) -> None:
    monkeypatch.setenv("CELLTRAIL_DISABLED", "1")
    with ct.track() as run:
        run.log_model(Model(), pickle=True)
        ct.log_model(Model(), pickle=True)
    assert not store_path.exists()

"""Stored models as objects; what could run code only where the call allows it."""

from __future__ import annotations

import json
import pickle
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celltrail.errors import ArtifactError, UntrustedArtifactError
from celltrail.record.models import ALIAS_PREFIX, MODEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celltrail.model import ArtifactInfo

__all__ = ["load_model"]

#: The classes of XGBoost that read its own format, and nothing else of that module.
_XGBOOST = ("XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor")


def load_model(
    info: ArtifactInfo,
    facts: Mapping[str, str],
    read: Callable[[], bytes],
    *,
    trusted: Sequence[str],
    allow_pickle: bool,
) -> Any:
    """Give a stored model: see `StoredArtifact.load_model`.

    Parameters
    ----------
    info, facts
        What is known of it.
    read
        Gives its content; called only when it is going to be loaded.
    trusted, allow_pickle
        What the call allows.
    """
    format_ = info.kind.removeprefix("model/")
    if format_ == info.kind:
        message = f"artifact {info.name!r} is no model but of kind {info.kind!r}; use .load()."
        raise ArtifactError(message)
    if format_ == "pickle":
        return _unpickled(info, facts, read, allow_pickle)
    loaders: dict[str, Callable[[], Any]] = {
        "safetensors": lambda: _safetensors(read()),
        "onnx": lambda: _onnx(read()),
        "skops": lambda: _skops(info, read(), trusted),
        "xgboost": lambda: _xgboost(read(), facts),
        "lightgbm": lambda: _lightgbm(read()),
    }
    if format_ not in loaders:
        message = (
            f"model {info.name!r} is of the format {format_!r}, which can hold code and is not "
            "loaded here; .save() it and load it with its own library if you trust it."
        )
        raise UntrustedArtifactError(message)
    try:
        return loaders[format_]()
    except ImportError as error:
        message = (
            f"model {info.name!r} needs {facts.get('library') or format_} and what reads "
            f"{format_} ({error}): pip install celltrail[models]"
        )
        raise ArtifactError(message) from error
    except ArtifactError:
        raise
    except Exception as error:  # what a library says of data that is not what it should be
        message = f"model {info.name!r} cannot be read as {format_} ({error!r})."
        raise ArtifactError(message) from error


def _unpickled(
    info: ArtifactInfo, facts: Mapping[str, str], read: Callable[[], bytes], allowed: bool
) -> Any:
    if not allowed:
        message = (
            f"model {info.name!r} ({facts.get('class', 'of an unknown class')}) was pickled: "
            "loading it runs whatever code is in it. If you trust whoever could write to this "
            "store, load_model(…, allow_pickle=True) does it."
        )
        raise UntrustedArtifactError(message)
    return pickle.loads(read())


def _safetensors(data: bytes) -> dict[str, Any]:
    (length,) = struct.unpack("<Q", data[:8])
    metadata = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    if metadata.get("framework") == "pt":
        import safetensors.torch as st

        state: dict[str, Any] = st.load(data)
    else:
        import safetensors.numpy as sn

        state = sn.load(data)
    for key, first in metadata.items():
        if key.startswith(ALIAS_PREFIX) and first in state:
            state[key.removeprefix(ALIAS_PREFIX)] = state[first]
    return state


def _onnx(data: bytes) -> Any:
    import onnx

    return onnx.load_model_from_string(data)


def _skops(info: ArtifactInfo, data: bytes, trusted: Sequence[str]) -> Any:
    import skops.io

    unknown = sorted(set(skops.io.get_untrusted_types(data=data)) - set(trusted))
    if unknown:
        message = (
            f"model {info.name!r} needs types that are not known to be safe: "
            f"{', '.join(unknown)}. If you trust them, load_model(…, trusted={unknown!r}) does it."
        )
        raise UntrustedArtifactError(message)
    return skops.io.loads(data, trusted=list(trusted))


def _xgboost(data: bytes, facts: Mapping[str, str]) -> Any:
    import xgboost

    name = facts.get("class", "").rpartition(".")[2]
    model = getattr(xgboost, name if name in _XGBOOST else "Booster")()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, MODEL_NAMES["xgboost"])
        path.write_bytes(data)
        model.load_model(str(path))
    return model


def _lightgbm(data: bytes) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=data.decode())

"""Models in formats that hold no code, and by pickle only when that is asked for."""

from __future__ import annotations

import pickle as pickling
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from celltrail.errors import ArtifactError
from celltrail.record.content.content import Content, is_a

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ALIAS_PREFIX", "MODEL_NAMES", "model_content"]

#: In the metadata of safetensors: this name's tensor is the very one of that name.
ALIAS_PREFIX = "alias:"
#: The default name of a model in each format.
MODEL_NAMES = {
    "safetensors": "model.safetensors",
    "onnx": "model.onnx",
    "skops": "model.skops",
    "xgboost": "model.ubj",
    "lightgbm": "model.lgb.txt",
    "keras": "model.keras",
    "pickle": "model.pkl",
}
_SUFFIXES = {".safetensors": "safetensors", ".onnx": "onnx", ".skops": "skops", ".keras": "keras"}
_INSTALL = "Install what stores it safely: pip install celltrail[models]"


def model_content(model: Any, folder: Path, *, pickle: bool = False) -> Content:
    """Give the content to store of a model, in the safe format of its kind.

    Parameters
    ----------
    model
        See `celltrail.log_model`.
    folder
        Where it may be written on its way, so that a large one is not in memory twice.
    pickle
        Whether it may be pickled where there is no safe format for it, or none works.

    Raises
    ------
    ArtifactError
        When it cannot be stored so.
    """
    try:
        content = _safe(model, folder)
        problem = (
            f"a model of type {type(model).__qualname__} has no format here that is safe to load; "
            "log_model(…, pickle=True) stores it with pickle, which whoever loads it has to trust."
        )
    except ImportError as error:
        content = None
        problem = f"a model of type {type(model).__qualname__} was not stored ({error}). {_INSTALL}"
    except ArtifactError as error:
        content, problem = None, str(error)
    if content is not None:
        return content
    if not pickle:
        raise ArtifactError(problem)
    return _pickled(model, folder)


def _safe(model: Any, folder: Path) -> Content | None:
    """Give a model in the format of its kind, or None for one of no kind that we know."""
    if isinstance(model, Path) or (isinstance(model, str) and Path(model).is_file()):
        return _file(Path(model))
    # Keras first: on PyTorch its models are torch modules too.
    for describe in (_keras, _torch, _arrays, _onnx, _xgboost, _lightgbm, _sklearn):
        content = describe(model, folder)
        if content is not None:
            return content
    return None


def _content(model: Any, kind: str, library: str, data: bytes | Path) -> Content:
    """Describe a model: its format is the kind, all else stands beside the media type."""
    module, name = type(model).__module__, type(model).__qualname__
    version = getattr(sys.modules.get(library), "__version__", "")
    facts = {"library": library, "version": version, "class": f"{module}.{name}"}
    mime = "; ".join(
        ["application/octet-stream", *(f"{k}={quote(str(v), safe='')}" for k, v in facts.items())]
    )
    return Content(data, f"model/{kind}", mime, MODEL_NAMES[kind])


def _file(path: Path) -> Content:
    if not path.is_file():
        message = f"model {str(path)!r} does not exist, or is no file."
        raise ArtifactError(message)
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        message = (
            f"the end of {path.name!r} is of no format for models that is safe to load "
            f"({', '.join(_SUFFIXES)}); log_artifact() stores any file."
        )
        raise ArtifactError(message)
    return Content(path, f"model/{kind}", "application/octet-stream", path.name)


# -- neural networks -------------------------------------------------------------------------


def _torch(model: Any, folder: Path) -> Content | None:
    if not is_a(model, "torch.nn", "Module") and not _all_are(model, "torch", "Tensor"):
        return None
    import safetensors.torch as st

    state = dict(model) if isinstance(model, Mapping) else model.state_dict()
    odd = [key for key, value in state.items() if not is_a(value, "torch", "Tensor")]
    if odd:
        message = (
            f"the state of {type(model).__qualname__} holds what is no tensor ({odd[0]!r}), which "
            "safetensors does not take; store its tensors and log_params() the rest."
        )
        raise ArtifactError(message)
    tensors, aliases = _distinct(state)
    metadata = {"framework": "pt", **{ALIAS_PREFIX + new: old for new, old in aliases.items()}}
    path = folder / MODEL_NAMES["safetensors"]
    st.save_file(tensors, path, metadata)
    return _content(model, "safetensors", "torch", path)


def _all_are(value: Any, module: str, name: str) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(k, str) and is_a(v, module, name) for k, v in value.items())
    )


def _distinct(state: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Give tensors that share no memory, and the names that are of the same tensor as others."""
    tensors: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    seen: dict[Any, str] = {}
    for key, value in state.items():
        tensor = value.detach()
        place = (
            str(tensor.device),
            tensor.data_ptr(),
            tensor.dtype,
            *tensor.shape,
            tensor.stride(),
        )
        if tensor.numel() and place in seen:
            aliases[key] = seen[place]
            continue
        seen[place] = key
        # Views of parts of one memory are no such thing in the file: each has its own.
        tensor = tensor.cpu().contiguous()
        whole = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
        tensors[key] = tensor if whole else tensor.clone()
    return tensors, aliases


def _arrays(model: Any, folder: Path) -> Content | None:
    if not _all_are(model, "numpy", "ndarray"):
        return None
    import numpy as np
    import safetensors.numpy as st

    arrays = {key: np.asarray(value, order="C") for key, value in model.items()}
    path = folder / MODEL_NAMES["safetensors"]
    try:
        st.save_file(arrays, path, {"framework": "np"})
    except KeyError as error:
        message = f"safetensors has no type for arrays of {error}."
        raise ArtifactError(message) from error
    return _content(model, "safetensors", "numpy", path)


def _onnx(model: Any, folder: Path) -> Content | None:
    if not is_a(model, "onnx", "ModelProto"):
        return None
    from onnx.external_data_helper import uses_external_data

    if any(uses_external_data(tensor) for tensor in model.graph.initializer):
        message = (
            "the ONNX model keeps its weights in other files; load them into it first: "
            "onnx.load_external_data_for_model(model, folder)."
        )
        raise ArtifactError(message)
    try:
        return _content(model, "onnx", "onnx", model.SerializeToString())
    except Exception as error:  # protobuf's own, of several classes
        message = f"the ONNX model cannot be written as one piece, of at most 2 GiB ({error})."
        raise ArtifactError(message) from error


def _keras(model: Any, folder: Path) -> Content | None:
    if not is_a(model, "keras", "Model"):
        return None
    return _saved(model, "keras", folder, model.save)


# -- trees and the rest ----------------------------------------------------------------------


def _xgboost(model: Any, folder: Path) -> Content | None:
    if not is_a(model, "xgboost", "Booster", "XGBModel"):
        return None
    return _saved(model, "xgboost", folder, model.save_model)


def _lightgbm(model: Any, folder: Path) -> Content | None:
    """Give a booster; LightGBM's estimators are stored as scikit-learn's are."""
    if not is_a(model, "lightgbm", "Booster"):
        return None
    return _content(model, "lightgbm", "lightgbm", model.model_to_string().encode())


def _sklearn(model: Any, folder: Path) -> Content | None:
    if not is_a(model, "sklearn.base", "BaseEstimator"):
        return None
    import skops.io

    problem: object = None
    try:
        data: bytes = skops.io.dumps(model)
        # It stores functions and classes by their names, also those that nobody finds again.
        names = [type(model).__qualname__, *skops.io.get_untrusted_types(data=data)]
        problem = next((name for name in names if "<" in name), None)
    except Exception as error:  # noqa: BLE001  # of several classes; the message says it
        problem = error
    if problem is not None:
        message = (
            f"skops cannot store the {type(model).__qualname__} ({problem}); "
            "log_model(…, pickle=True) may store it with pickle."
        )
        raise ArtifactError(message)
    return _content(model, "skops", "sklearn", data)


def _saved(model: Any, kind: str, folder: Path, save: Callable[[str], object]) -> Content:
    """Give what a library writes only into a file with the right end."""
    path = folder / MODEL_NAMES[kind]
    save(str(path))
    return _content(model, kind, kind, path)


def _pickled(model: Any, folder: Path) -> Content:
    path = folder / MODEL_NAMES["pickle"]
    try:
        with path.open("wb") as out:
            pickling.dump(model, out)
    except Exception as error:  # of the model's own pickling: told as the artifact's warning
        message = f"the {type(model).__qualname__} cannot be pickled ({error!r})."
        raise ArtifactError(message) from error
    return _content(model, "pickle", type(model).__module__.partition(".")[0], path)

"""Objects whose class does harm when it is asked for anything are not asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from celltrail.capture.before import look_before
from celltrail.capture.datasets import MAX_COLUMNS, describe_dataset
from celltrail.capture.infer import infer
from celltrail.capture.names import analyse
from celltrail.capture.values import NOTHING, known_class, number, plain, type_name


def _raise(*_args: object, **_kwargs: object) -> Any:
    msg = "user code was run"
    raise SystemExit(msg)


def make_hostile() -> dict[str, Any]:
    """Make objects that raise in whatever a recorder may think of calling.

    They are made in here, since pytest itself looks at what a test module holds.
    """

    class Meta(type):
        __eq__ = __hash__ = __instancecheck__ = __getattribute__ = _raise

    class Hostile(metaclass=Meta):
        __repr__ = __str__ = __eq__ = __hash__ = __len__ = __bool__ = __iter__ = _raise
        __getattribute__ = __float__ = __int__ = __index__ = __sizeof__ = __reduce__ = _raise

    class SubFloat(float):
        __float__ = __repr__ = _raise

    class SubDict(dict):  # type: ignore[type-arg]
        items = keys = __iter__ = __len__ = _raise

    hostile = object.__new__(Hostile)
    return {
        "object": hostile,
        "float": SubFloat(1),
        "dict": SubDict(a=1),
        "list": [hostile],
        "mapping": {"a": hostile},
        "tuple": (SubFloat(1),),
    }


@pytest.mark.parametrize("kind", ["object", "float", "dict", "list", "mapping", "tuple"])
def test_no_code_of_the_values_class_is_run(kind: str) -> None:
    value = make_hostile()[kind]
    found = number(value), plain(value), describe_dataset("x", value), type(type_name(value))
    assert found == (NOTHING, NOTHING, None, str)


def test_inference_passes_hostile_values_by() -> None:
    space: dict[Any, Any] = {"x": make_hostile()["object"], "lr": 0.1}
    names = analyse("y = x\nz = lr * 2\nx")
    assert names is not None
    before = look_before(names, space)
    space |= {"y": space["x"], "z": 0.2}
    found = infer(before, space, result=space["x"])
    assert (set(found.params), set(found.metrics)) == ({"lr"}, {"z"})


def test_names_that_are_no_text_are_left_alone() -> None:
    class Key:
        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            return _raise()

    space: dict[Any, Any] = {Key(): 1, "a": 2}
    names = analyse("b = a * 2")
    assert names is not None
    before = look_before(names, space)
    space["b"] = 4
    assert set(infer(before, space).metrics) == {"b"}


def test_labels_of_columns_are_not_asked_for_their_text() -> None:
    frame = pd.DataFrame([[1, 2, 3]])
    frame.columns = pd.Index(["a", 7, (1, 2)], dtype=object)
    described = describe_dataset("df", frame)
    assert described is not None
    assert list(described.schema) == ["a", "7", "<tuple>"]


def test_wide_frames_list_their_first_columns() -> None:
    described = describe_dataset("df", pd.DataFrame(np.zeros((2, MAX_COLUMNS + 50))))
    assert described is not None
    assert len(described.schema) == MAX_COLUMNS
    assert described.shape == (2, MAX_COLUMNS + 50)


def test_long_texts_and_large_containers_are_no_params() -> None:
    assert plain("x" * 1_001) is NOTHING
    assert plain(list(range(51))) is NOTHING
    nested: list[Any] = [1]
    nested.append(nested)
    assert plain(nested) is NOTHING


def test_libraries_that_are_not_imported_are_not_imported() -> None:
    assert known_class("torch_that_is_not_there", "Tensor") is None

"""Files that a cell reads: the paths that it gives to functions that load data."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from celltrail.capture.classes import known_class
from celltrail.model import DatasetInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from celltrail.capture.usage import CallSite

__all__ = ["files_read"]

#: Functions and methods that read the file that their first argument names.
_READERS = frozenset(
    {
        "fetch_csv", "fromfile", "genfromtxt", "imread", "load", "load_npz", "loadmat", "loadtxt",
        "memmap", "open", "open_dataset", "parquet_scan", "read", "read_bytes", "read_clipboard",
        "read_csv", "read_csv_auto", "read_excel", "read_feather", "read_file", "read_fwf",
        "read_hdf", "read_html", "read_image", "read_ipc", "read_json", "read_ndjson", "read_orc",
        "read_parquet", "read_pickle", "read_sas", "read_spss", "read_stata", "read_table",
        "read_text", "read_xml", "readlines", "scan_csv", "scan_ipc", "scan_ndjson",
        "scan_parquet", "load_svmlight_file", "open_zarr",
    }
)  # fmt: skip
_PATHS = (("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib._local", "PosixPath"))
_MAX_FILES = 50


def files_read(calls: Iterable[CallSite], namespace: Mapping[str, object]) -> list[DatasetInfo]:
    """Give the files that a cell reads, with their sizes.

    Parameters
    ----------
    calls
        The cell's calls.
    namespace
        The names in which paths may stand.

    Returns
    -------
    list of DatasetInfo
        Of kind ``"file"``, by their names. A path that is put together at run time, and one
        that is opened to be written, is not known.

    Examples
    --------
    >>> from celltrail.capture.usage import usage_of
    >>> calls = usage_of(ast.parse("pd.read_csv('no/such.csv')").body).calls
    >>> files_read(calls, {})
    [DatasetInfo(name='such.csv', kind='file', shape=(), schema={}, size=None)]
    """
    found: dict[str, DatasetInfo] = {}
    for call in calls:
        if call.name not in _READERS or len(found) >= _MAX_FILES:
            continue
        path = _argument(call, namespace)
        if path is None or (call.name == "open" and _writes(call)):
            continue
        name = path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path
        found.setdefault(path, DatasetInfo(name, "file", (), {}, _size(path)))
    return list(found.values())


def _argument(call: CallSite, namespace: Mapping[str, object]) -> str | None:
    if call.args:
        return _path(call.args[0], namespace)
    for keyword in ("filepath_or_buffer", "path", "io", "file", "fname", "source"):
        if type(call.keywords.get(keyword)) is str:
            return str(call.keywords[keyword])
    return None if call.owner is None else _path(call.owner, namespace)  # path.read_text()


def _path(node: ast.expr, namespace: Mapping[str, object]) -> str | None:
    """Put a path together out of literals, and of names that hold texts and paths."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return _text(namespace.get(name))
        case ast.BinOp(left=left, op=ast.Div() | ast.Add() as operator, right=right):
            first, second = _path(left, namespace), _path(right, namespace)
            if first is None or second is None:
                return None
            return first + second if isinstance(operator, ast.Add) else f"{first}/{second}"
        case ast.JoinedStr(values=parts):
            texts = [_path(part, namespace) for part in parts]
            return None if None in texts else "".join(text for text in texts if text)
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return _path(value, namespace)
        case ast.Call(func=ast.Name(id="Path" | "PurePath" | "str"), args=[inner]):
            return _path(inner, namespace)
        case ast.Call(func=ast.Name(id="open") | ast.Attribute(attr="open"), args=[inner, *_]):
            return _path(inner, namespace)
        case ast.Call(func=ast.Attribute(attr="join"), args=[*parts]) if len(parts) > 1:
            texts = [_path(part, namespace) for part in parts]
            return None if None in texts else "/".join(text for text in texts if text)
        case _:
            return None


def _text(value: object) -> str | None:
    if type(value) is str:
        return value if "\n" not in value else None
    is_path = any(type(value) is known_class(module, name) for module, name in _PATHS)
    return str(value) if is_path else None


def _writes(call: CallSite) -> bool:
    mode: object = call.keywords.get("mode", "r")
    if len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
        mode = call.args[1].value
    return type(mode) is str and any(letter in mode for letter in "wax")


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116  # called after each cell; five times faster
    except (OSError, ValueError):
        return None

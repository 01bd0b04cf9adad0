"""Whatever bytes, tables and JSON are stored come back equal; any name becomes a safe one."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import celltrail as ct
from celltrail.model import ArtifactInfo
from celltrail.query.file_names import file_name
from celltrail.query.frames import read_frame
from celltrail.record.content.content import ARROW_MIME
from celltrail.record.content.frames import write_frame
from celltrail.record.session import close_sessions
from celltrail.store.blobs import INLINE_LIMIT, open_blob, put_blob
from celltrail.store.layout import Layout

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
NAMES = st.text(max_size=40) | st.text("./\\~:CONcon \0\u202eü😀", max_size=300)
#: Around the limit between the database and files, and around whole chunks.
SIZES = st.integers(0, 100) | st.sampled_from([1, 2, 3]).flatmap(
    lambda n: st.integers(n * INLINE_LIMIT - 2, n * INLINE_LIMIT + 2)
)


@settings(max_examples=12)
@given(names=st.lists(NAMES.filter(bool), min_size=1, max_size=4), data=st.binary(max_size=2000))
def test_any_bytes_under_any_name_come_back(names: list[str], data: bytes) -> None:
    try:
        with ct.track() as run:
            for name in names:
                run.log_artifact(data, name, step=len(name))
        stored = ct.run(run).artifacts
    finally:
        close_sessions()
    assert [(a.name, a.step) for a in stored] == [(n, len(n)) for n in names]
    assert {a.bytes() for a in stored} == {data}
    repr(stored)


@settings(max_examples=30)
@given(size=SIZES, pieces=st.integers(1, 3 << 20), start=st.binary(min_size=1, max_size=50))
def test_content_of_any_size_comes_back_however_it_is_read(
    size: int, pieces: int, start: bytes
) -> None:
    data = (start * (size // len(start) + 1))[:size]
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder) / "s.duckdb")
        put = {
            put_blob(layout, "s", data),
            put_blob(layout, "s", io.BytesIO(data)),
        }
        ((sha256, stored),) = put
        assert stored == size
        blob = layout.blob("s", sha256)
        with open_blob(layout, sha256, lambda: blob.read_bytes()) as stream:
            assert b"".join(iter(lambda: stream.read(pieces), b"")) == data


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "float64": st.floats(),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "bool": st.booleans(),
    "Int64": st.none() | st.integers(-(2**63), 2**63 - 1),
    "boolean": st.none() | st.booleans(),
    "string": st.none() | TEXTS,
    "texts": st.none() | TEXTS,
    "datetime64[ns]": st.none() | st.integers(-(2**62), 2**62),
    "timedelta64[us]": st.none() | st.integers(-(2**62), 2**62),
    "json": st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=5,
    ),
}


def series(kind: str, values: list[Any]) -> pd.Series[Any]:
    if kind[0] in "dt" and "64" in kind:
        raw = np.array([np.iinfo("i8").min if v is None else v for v in values], "i8")
        return pd.Series(raw.view(kind))
    return pd.Series(values, dtype=object if kind in ("texts", "json") else kind)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 9))
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=5))
    columns = [
        series(kind, draw(st.lists(VALUES[kind], min_size=rows, max_size=rows))) for kind in kinds
    ]
    frame = pd.DataFrame(dict(enumerate(columns)), index=range(rows))
    labels = draw(st.lists(st.text(max_size=5), min_size=len(kinds), max_size=len(kinds)))
    frame.columns = pd.Index(labels, dtype=object) if labels else frame.columns
    return frame


@settings(max_examples=100)
@given(frame=frames())
def test_any_frame_comes_back_equal(frame: pd.DataFrame) -> None:
    read = read_frame(write_frame(frame))
    assert_frame_equal(read, frame, check_column_type=False)


@settings(max_examples=300)
@given(name=NAMES, step=st.none() | st.integers(-(2**63), 2**63 - 1), text=st.booleans())
@example(name="..", step=None, text=False)
@example(name="a/" * 150 + "..\\", step=-1, text=True)
def test_any_name_becomes_one_that_stays_in_its_folder(
    name: str, step: int | None, text: bool
) -> None:
    mime = "text/plain" if text else ARROW_MIME
    info = ArtifactInfo(name, "text" if text else "table", mime, "0" * 64, 1, step)
    safe = file_name(info)
    assert safe == Path(safe).name
    assert safe.strip(". ") == safe
    assert 0 < len(safe.encode()) <= 201
    assert safe.isprintable()
    assert not set(safe) & set('/\\<>:"|?*')
    folder = Path(tempfile.gettempdir()).resolve()
    assert (folder / safe).resolve().parent == folder

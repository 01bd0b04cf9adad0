"""Whatever is logged comes back equal, through the real spool and the real database."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from spool_recorder import Recorder, now

from celltrail.store import Store, open_store

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=50)  # NUL and all scripts
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | TEXTS
PARAMS = SCALARS | st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
POINTS = st.lists(
    st.tuples(st.integers(0, 2), TEXTS, INT64, INT64 | FLOATS, st.booleans()), max_size=40
)


@contextmanager
def fresh() -> Iterator[tuple[Store, Recorder]]:
    """Give a store and a session of their own to each example."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.duckdb"
        recorder = Recorder(path)
        yield open_store(path), recorder
        recorder.close()


def same(a: Any, b: Any) -> bool:
    """Compare values of equal types, NaN being equal to itself and 0.0 not to -0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (
            a == b and math.copysign(1, a) == math.copysign(1, b)
        )
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return bool(a == b)


@examples(15)
@given(params=st.dictionaries(TEXTS, PARAMS, max_size=8))
def test_params_come_back_equal(params: dict[str, Any]) -> None:
    with fresh() as (store, recorder):
        run = recorder.run()
        for key, value in params.items():
            recorder.param(run, key, value)
        found = store.table_data().params
        back = {found.names[found.key[i]]: found.value(i) for i in range(len(found))}
    assert back.keys() == params.keys()
    for key, value in params.items():
        assert same(back[key], value), key


@examples(7)
@given(points=POINTS)
def test_points_come_back_equal_and_in_order(points: list[tuple[Any, ...]]) -> None:
    expected: dict[tuple[int, str], list[tuple[int, Any]]] = {}
    last_value: dict[tuple[int, str], tuple[int, Any]] = {}
    with fresh() as (store, recorder):
        runs = [recorder.run() for _ in range(3)]
        time = now()
        for run, key, step, value, merge in points:
            recorder.writer.append(runs[run], time, [(key, step, value)])
            expected.setdefault((run, key), []).append((step, value))
            if (run, key) not in last_value or last_value[run, key][0] <= step:
                last_value[run, key] = (step, value)
            if merge:
                store.merge()
        found = store.run_rows()
        rows, keys = [row.id for row in found], [row.run for row in found]
        for (run, key), logged in expected.items():
            history = store.history([rows[run]], key)
            back = [
                (int(step), int(exact) if is_exact else float(value))
                for step, value, exact, is_exact in zip(
                    history.step, history.value, history.exact, history.is_exact, strict=True
                )
            ]
            assert all(
                a[0] == b[0] and same(a[1], b[1])
                for a, b in zip(back, sorted(logged, key=lambda p: p[0]), strict=True)
            )
        summaries = store.table_data().summaries
        assert len(summaries) == len(expected)
        for i in range(len(summaries)):
            place = keys.index(summaries.run[i]), summaries.names[summaries.key[i]]
            step, value = last_value[place]
            exact = bool(summaries.is_exact[i])
            last = int(summaries.last_exact[i]) if exact else float(summaries.last[i])
            assert (int(summaries.last_step[i]), summaries.count[i]) == (
                step,
                len(expected[place]),
            )
            # DuckDB's max_by does not keep the sign of zero; the point itself does.
            assert same(last, value) or (type(last) is type(value) and last == value == 0)
            numbers = [float(v) for _, v in expected[place] if not math.isnan(v)]
            if numbers:
                assert summaries.min[i] == min(numbers)
                assert summaries.max[i] == max(numbers)


@examples(10)
@given(
    name=TEXTS,
    note=TEXTS,
    tags=st.sets(TEXTS, max_size=5),
    source=TEXTS,
    message=TEXTS,
    trace=st.text(max_size=200),
)
def test_texts_come_back_equal(
    name: str, note: str, tags: set[str], source: str, message: str, trace: str
) -> None:
    with fresh() as (store, recorder):
        run = recorder.run(name, note=note, source="sha", experiment=name)
        recorder.writer.event("source", sha256="sha", text=source)
        for tag in tags:
            recorder.writer.event("tag", run=run, tag=tag, on=True)
        error = {"type": "E", "message": message, "traceback": trace}
        recorder.end(run, "failed", error=error)
        (row,) = store.run_rows()
        assert (row.name, row.note, row.experiment) == (name, note, name)
        assert store.source("sha") == source
        assert set(store.table_data().tags.get(row.run, [])) == tags
        assert row.error is not None
        assert (row.error.message, row.error.traceback) == (message, trace)


@examples(15)
@given(text=st.text(st.characters(categories=("Cs", "L")), min_size=1, max_size=8))
def test_texts_that_no_file_can_hold_are_recorded_visibly(text: str) -> None:
    """A lone surrogate is no character: it is shown as an escape and keeps nothing out."""
    with fresh() as (store, recorder):
        run = recorder.run(text)
        recorder.param(run, text, text)
        recorder.log(run, 0, **{text: 1.0})
        (row,) = store.run_rows()
        visible = text.encode("utf-8", "backslashreplace").decode()
        assert row.name == visible
        assert store.table_data().params.names == [visible]
        assert store.table_data().summaries.names == [visible]

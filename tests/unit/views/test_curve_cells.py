"""The curves in the cells of the table: honest about what the store has, and small."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import celltrail as ct
from celltrail.store.follow import Follower
from celltrail.views import RunTableWidget
from celltrail.views.curve_cells import GAP, curve_cells
from celltrail.views.live_table import Changes
from celltrail.views.theme import PALETTE, run_color

Curves = dict[tuple[str, str], dict[str, Any]]


def asked(table: RunTableWidget, wanted: dict[str, Sequence[str]], pixels: int = 56) -> Curves:
    """Ask as the page does; give for (id, metric) what is said, with ``x`` and ``y`` decoded."""
    answer = curve_cells(table.runs, table._table, wanted, pixels)
    found: Curves = {}
    at = 0
    for head in answer.result:
        points = np.frombuffer(answer.data, np.uint8, 2 * head["points"], at)
        at += 2 * head["points"]
        x, y = np.split(points, 2)
        found[head["id"], head["metric"]] = {**head, "x": x, "y": y}
    assert at == len(answer.data)
    return found


def logged(name: str, values: Sequence[float], *, metric: str = "loss") -> str:
    with ct.track(name) as run:
        for step, value in enumerate(values):
            run.log({metric: value}, step=step)
    return ct.run(name).id


def decoded(curve: dict[str, Any]) -> Any:
    low, high = curve["min"], curve["max"]
    y = curve["y"].astype(float)
    return np.where(curve["y"] == GAP, np.nan, low + y / (GAP - 1) * (high - low))


def test_what_is_drawn_is_what_the_store_has(store_path: Path) -> None:
    rng = np.random.default_rng(5)
    walks = [np.cumsum(rng.normal(size=size)) for size in (2, 40, 112, 5_000)]
    walks[-1][3_333] = 1e4
    ids = [logged(f"run {i}", walk.tolist()) for i, walk in enumerate(walks)]
    table = ct.table(ct.runs())
    found = asked(table, {"loss": ids})
    rows = ct.sql(
        "SELECT id, min(value) AS low, max(value) AS high, count(*) AS n FROM v_history "
        "WHERE key = 'loss' GROUP BY id"
    ).set_index("id")
    for id, walk in zip(ids, walks, strict=True):
        curve = found[id, "loss"]
        assert (curve["min"], curve["max"]) == (rows.low[id], rows.high[id])
        assert (curve["count"], curve["gaps"]) == (rows.n[id], 0)
        # both ends of the picture are reached, by the points that are least and greatest
        assert (curve["y"].min(), curve["y"].max()) == (0, GAP - 1)
        assert (curve["x"][0], curve["x"][-1]) == (0, 255)
        assert (np.diff(curve["x"].astype(int)) >= 0).all()
        assert curve["points"] <= 2 * 56 + 2
        # each drawn point stands within half a level of one that was logged
        level = (curve["max"] - curve["min"]) / (GAP - 1)
        distance = np.abs(decoded(curve)[:, None] - walk[None, :]).min(axis=1)
        assert (distance <= level * 0.501).all()
    spike = found[ids[-1], "loss"]
    assert spike["x"][spike["y"].argmax()] == round(3_333 / 4_999 * 255)


def test_gaps_stay_gaps_and_are_counted(store_path: Path) -> None:
    nan, inf = math.nan, math.inf
    ids = [
        logged("gap", [1.0, nan, 3.0, inf, -inf, 2.0]),
        logged("none", [nan, inf]),
        logged("once", [0.5]),
        logged("flat", [2.0, 2.0, 2.0]),
        logged("huge", [-1e308, 0.0, 1e308, math.nan]),
        logged("long", [nan if 400 < i < 600 else float(i) for i in range(1_000)]),
    ]
    found = asked(ct.table(ct.runs()), {"loss": ids})
    gap, none, once, flat, huge, long = (found[id, "loss"] for id in ids)
    assert gap["y"].tolist() == [0, GAP, GAP - 1, GAP, GAP, 127]
    assert (gap["count"], gap["gaps"], gap["min"], gap["max"]) == (6, 3, 1.0, 3.0)
    assert (none["points"], none["min"], none["max"], none["gaps"]) == (0, None, None, 2)
    assert (once["points"], once["count"], once["min"]) == (0, 1, 0.5)
    assert set(flat["y"]) == {127}
    assert huge["y"].tolist() == [0, 127, GAP - 1, GAP]
    where = long["x"][long["y"] == GAP]
    assert len(where) > 5
    assert where.min() >= int(400 / 999 * 255)
    assert where.max() <= math.ceil(600 / 999 * 255)
    assert long["gaps"] == 199


@settings(max_examples=60)
@given(
    st.lists(
        st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -0.0, 5e-324]),
        min_size=2,
        max_size=60,
    )
)
def test_any_numbers_become_bytes_that_keep_the_order(values: list[float]) -> None:
    from celltrail.views.curve_cells import _drawn

    array = np.array(values)
    drawn = np.frombuffer(_drawn(np.arange(len(values)), array), np.uint8)
    finite = np.isfinite(array)
    if not finite.any():
        assert not len(drawn)
        return
    y = drawn[len(values) :]
    assert ((y == GAP) == ~finite).all()
    order = np.argsort(array[finite], kind="stable")
    assert (np.diff(y[finite][order].astype(int)) >= 0).all()


def test_steps_that_repeat_or_are_alike_are_drawn_too(store_path: Path) -> None:
    with ct.track("same") as run:
        for value in (1.0, 3.0, 2.0):
            run.log({"loss": value}, step=7)
    curve = asked(ct.table(ct.runs()), {"loss": ct.runs().ids})[ct.run("same").id, "loss"]
    assert curve["x"].tolist() == [128, 128, 128]
    assert (curve["min"], curve["max"], curve["count"]) == (1.0, 3.0, 3)


def test_only_metrics_with_several_points_can_have_curves(store_path: Path) -> None:
    with ct.track("a", params={"steps": 1}) as run:
        run.log(loss=1.0)
        run.log(loss=0.5, once=2.0)
    with ct.track("b") as run:
        run.log(loss=1.0)
    table = ct.table(ct.runs())
    assert '"name": "metrics.loss"' in table._columns
    assert table._columns.count('"steps": true') == 1
    assert ct.table(ct.runs("name = 'b'"))._columns.count('"steps": true') == 0


def test_no_history_travels_at_the_opening(store_path: Path) -> None:
    sizes = []
    for count in (2, 20_000):
        logged("long", [i / 7 for i in range(count)])
        table = ct.table(ct.runs("name = 'long'", limit=1))
        state = table.get_state()
        sizes.append(len(state["_data"]) + len(state["_columns"]))
    assert abs(sizes[1] - sizes[0]) < 50


def test_what_is_not_there_any_more_is_passed_over(store_path: Path) -> None:
    ids = [logged("a", [1.0, 2.0]), logged("b", [1.0, 2.0], metric="'; drop")]
    table = ct.table(ct.runs())
    wanted = {"loss": [ids[0], "gone", ids[0]], "never": ids, "'; drop": ids, "x.min": ids}
    found = asked(table, wanted)
    assert set(found) == {
        (ids[0], "loss"),
        (ids[0], "'; drop"),
        (ids[1], "'; drop"),
    }
    assert found[ids[0], "'; drop"]["count"] == 0
    ct.delete(ids[0])
    assert asked(table, {"loss": [ids[0]]})[ids[0], "loss"]["count"] == 0
    assert asked(table, {}) == {}


def test_an_answer_is_bounded(store_path: Path) -> None:
    for i in range(30):
        with ct.track(f"run {i}") as run:
            for step in range(500):
                run.log({f"m{k}": step * k for k in range(8)}, step=step)
    table = ct.table(ct.runs())
    wanted = {f"m{k}": table.runs.ids for k in range(8)}
    answer = curve_cells(table.runs, table._table, wanted, 10**9)
    assert len(answer.result) == 200
    assert max(head["points"] for head in answer.result) <= 2 * 400 + 2
    assert len(curve_cells(table.runs, table._table, wanted, -5).data) <= 200 * 2 * 40


@pytest.mark.heavy
def test_colours_are_those_of_the_charts(store_path: Path) -> None:
    ids = [logged(f"run {i}", [1.0, 2.0]) for i in range(28)]
    few = asked(ct.table(ct.runs(limit=27)), {"loss": ids[1:]})
    for run in ct.runs(limit=27):
        assert few[run.id, "loss"]["color"] == run_color(run.number, run.experiment)
    many = asked(ct.table(ct.runs()), {"loss": ids})
    assert {curve["color"] for curve in many.values()} == {PALETTE[0]}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Give what asks a table as its page does."""

    def ask(table: RunTableWidget, method: str, **params: Any) -> Any:
        sent: list[Any] = []
        monkeypatch.setattr(table, "send", lambda message, buffers=None: sent.append(message))
        message = {"kind": "ask", "id": 7, "method": method, "params": params}
        table._msg_callbacks(table, message, [])
        return sent.pop()

    return ask


def test_a_run_that_goes_on_has_what_was_logged_a_moment_ago(
    store_path: Path, answers: Callable[..., Any]
) -> None:
    with ct.track("live") as run:
        run.log({"loss": 3.0}, step=0)
        run.log({"loss": 2.0}, step=1)
        table = ct.table(ct.runs())
        for count in (2, 3):
            heads = answers(table, "curves", wanted={"loss": table.runs.ids}, pixels=56)["result"]
            assert heads[0]["count"] == count
            run.log({"loss": -1.0}, step=2)
        assert answers(table, "curves", wanted={"loss": table.runs.ids}, pixels=56)["result"][0][
            "min"
        ] == (-1.0)


@pytest.mark.parametrize(
    "params", [{"wanted": {"loss": 5}, "pixels": 56}, {"wanted": [], "pixels": 56}, {"pixels": "x"}]
)
def test_a_question_that_makes_no_sense_is_answered_by_an_error(
    store_path: Path, answers: Callable[..., Any], params: dict[str, Any]
) -> None:
    logged("a", [1.0, 2.0])
    assert "error" in answers(ct.table(ct.runs()), "curves", **params)


def test_curves_are_part_of_the_state(store_path: Path) -> None:
    logged("a", [1.0, 2.0])
    table = ct.table(ct.runs(), curves={"metrics.loss": True})
    other = ct.table(ct.runs())
    other.state = table.state
    assert other.curves == {"metrics.loss": True}
    table.group_by = ["name"]
    assert "curves" not in table.code


def test_a_table_that_is_followed_reads_curves_of_runs_that_go_on_once(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[list[str]] = []
    real = ct.Runs.curves

    def counted(runs: ct.Runs, metric: str, query: Any, ids: list[str]) -> Any:
        reads.append(list(ids))
        return real(runs, metric, query, ids)

    over = logged("over", [3.0, 2.0])
    with ct.track("fit") as run:
        run.log(loss=1.0)
        run.log(loss=5.0)
        table = ct.table(ct.runs())
        monkeypatch.setattr(ct.Runs, "curves", counted)
        ask = {"wanted": {"loss": [over, run.id]}, "pixels": 56}
        follower = Follower(table.runs.store_path)
        for count in (2, 3, 4):
            told = table._curves(**ask)
            assert [(head["id"], head["count"]) for head in told.result] == [
                (over, 2),
                (run.id, count),
            ]
            run.log(loss=2.0)
        assert reads == [[over, run.id]] * 3, "nobody tells it what comes"
        reads.clear()
        monkeypatch.setattr("celltrail.views.run_table.is_told_all", lambda view: True)
        monkeypatch.setattr(Changes, "wants_all", lambda changes: False)
        for count in (5, 6, 7):
            table.take_news(follower.look())
            told = table._curves(**ask)
            same = curve_cells(table.runs, table._table, ask["wanted"], 56)
            assert (told.result, told.data) == (same.result, same.data)
            assert told.result[1]["count"] == count
            run.log(loss=0.5)
        assert reads.count([run.id]) == 1
        table._curves(ask["wanted"], 200)
        assert reads.count([run.id]) == 2, "another width is read for itself"
        follower.close()

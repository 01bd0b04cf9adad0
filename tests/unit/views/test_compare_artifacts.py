"""Artifacts of compared runs: which step each shows, what is sent of them, and that none runs."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import celltrail as ct
from celltrail.capture.outputs import OutputRecord
from celltrail.errors import OptionError
from celltrail.query import Run, Runs
from celltrail.views.artifact_steps import ArtifactSteps
from celltrail.views.artifact_view import ARTIFACT_LIMIT, artifact_view
from celltrail.views.side_artifacts import SideArtifacts
from celltrail.views.static_artifacts import artifacts_html

XSS = "<img src=x onerror='window.ran = 1'>"


def all_runs() -> Runs:
    return ct.runs(order_by="number")


def log(name: str, **logged: dict[int | None, Any]) -> Run:
    """Track a run that logs by name and step."""
    with ct.track(name) as run:
        for key, by_step in logged.items():
            for step, value in by_step.items():
                run.log_artifact(value, key, step=step)
    return ct.run(run)


def shown(steps: ArtifactSteps, name: str, step: int | None) -> list[tuple[int | None] | None]:
    return [None if one is None else (one.step,) for one in steps.at(name, step)]


def view(run: Run, name: str, **options: Any) -> dict[str, Any]:
    found = artifact_view(run.artifact(name), **options)
    json.dumps(found)
    return found


def test_each_run_shows_its_newest_of_the_step_or_before(store_path: Path) -> None:
    log("a", image={0: "a0", 10: "a10", 20: "a20"})
    log("b", image={5: "b5"}, other={None: "only b"})
    log("c", image={None: "without", 15: "c15"})
    log("d")
    steps = ArtifactSteps(all_runs().logged_artifacts())
    assert steps.steps() == ([0, 5, 10, 15, 20], 5)
    assert [(one.name, one.kind, one.runs) for one in steps.names] == [
        ("image", "text", 3),
        ("other", "text", 1),
    ]
    assert shown(steps, "image", -1) == [None, None, (None,), None]
    assert shown(steps, "image", 4) == [(0,), None, (None,), None]
    assert shown(steps, "image", 12) == [(10,), (5,), (None,), None]
    assert shown(steps, "image", None) == [(20,), (5,), (15,), None]
    assert shown(steps, "other", 0) == [None, (None,), None, None]
    assert shown(steps, "unknown", None) == [None] * 4


def test_of_a_step_that_was_logged_twice_the_later_wins(store_path: Path) -> None:
    with ct.track("a") as run:
        for text in ("first", "second"):
            run.log_artifact(text, "note", step=3)
    steps = ArtifactSteps(all_runs().logged_artifacts())
    (found,) = steps.at("note", 3)
    assert found is not None
    assert found.text() == "second"


def test_steps_beyond_what_floats_hold_and_thousands_of_them(store_path: Path) -> None:
    big = 2**53 + 1
    log("a", note={big: "at", -5: "below"})
    part = SideArtifacts(all_runs())
    assert part.methods["artifacts"]()["steps"] == ["-5", str(big)]
    (at,) = part.methods["artifacts_at"](name="note", step=str(big))
    assert at["step"] == str(big)
    with ct.track("many") as run:
        for step in range(1_500):
            run.log_artifact(f"{step}", "log", step=step * 2)
    listed = SideArtifacts(all_runs()).methods["artifacts"]()
    assert len(listed["steps"]) == 1_000
    assert (listed["steps"][0], listed["steps"][-1]) == ("-5", str(big))
    assert "1,000 of 1,502 steps" in listed["notes"][0]
    assert len(json.dumps(listed)) < 20_000


def test_what_a_cell_showed_is_no_artifact_that_was_logged(store_path: Path) -> None:
    with ct.track("a") as run:
        run.log_artifact("kept", "note.txt")
        run.add_outputs([OutputRecord("display", "", "image/png", None, b"\x89PNG", ".png")])
    found = ct.run(run)
    assert {one.name for one in found.artifacts} == {"note.txt", "figure-1.png"}
    steps = ArtifactSteps(all_runs().logged_artifacts())
    assert [one.name for one in steps.names] == ["note.txt"]


def test_a_page_gets_names_then_places_then_one_content(store_path: Path) -> None:
    runs = [log("a", note={0: "x" * 5_000, 1: "same"}), log("b", note={0: "same"}), log("c")]
    part = SideArtifacts(all_runs())
    first = part.methods["artifacts"]()
    assert first["names"] == [{"name": "note", "kind": "text", "runs": 2}]
    assert len(json.dumps(first)) < 300
    early = part.methods["artifacts_at"](name="note", step="-1")
    assert early == [{"key": "", "step": None}, {"key": "", "step": None}, None]
    late = part.methods["artifacts_at"](name="note", step="1")
    assert [late[0]["step"], late[1]["step"], late[2]] == ["1", "0", None]
    assert late[0]["key"] == late[1]["key"]
    ask = {"name": "note", "step": "0"}
    assert part.methods["artifact"](id=runs[1].id, **ask)["text"] == "same"
    with pytest.raises(OptionError, match="has no artifact"):
        part.methods["artifact"](id=runs[2].id, **ask)


def test_a_run_that_goes_on_is_read_anew(store_path: Path) -> None:
    run = ct.start("going")
    run.log_artifact("0", "note", step=0)
    part = SideArtifacts(all_runs())
    run.log_artifact("1", "note", step=1)
    assert part.methods["artifacts"]()["steps"] == ["0", "1"]
    run.finish()


def test_each_kind_has_its_form(store_path: Path) -> None:
    frame = pd.DataFrame({"a": [0.5, np.nan], XSS: ["x", None]}, index=["r", XSS])
    kinds: dict[str, Any] = {
        "image": np.zeros((4, 4)),
        "table": frame,
        "csv.csv": frame,
        "counts": ct.Histogram([1.0, 2.0, 2.0, np.nan], bins=4),
        "nothing": ct.Histogram([]),
        "sound": ct.Audio(np.zeros(100), 8_000),
        "text": XSS,
        "json": {"a": [1, float("nan")]},
        "bytes": b"\x00\x01",
        "numbers.npy": np.arange(3),
    }
    run = log("a", **{name: {None: value} for name, value in kinds.items()})
    assert view(run, "image")["picture"].startswith("data:image/png;base64,")
    table = view(run, "table")["table"]
    assert table["heads"] == ["", "a", XSS]
    assert table["rows"][0] == ["r", "0.5", "x"]
    assert table["rows"][1][:2] == [XSS, "NaN"]
    assert view(run, "csv.csv")["table"]["note"] == "2 × 3"
    drawn = view(run, "counts")["drawn"]
    svg = base64.b64decode(drawn.partition(",")[2]).decode()
    assert svg.count("<rect") == 2
    assert "1 outside" in svg
    assert view(run, "nothing")["drawn"].startswith("data:image/svg+xml")
    assert view(run, "sound")["sound"].startswith("data:audio/")
    assert view(run, "text")["text"] == XSS
    assert view(run, "json")["text"].startswith("{\n")
    assert view(run, "bytes")["told"] == "bytes, 2 B"
    assert view(run, "numbers.npy")["told"].startswith("array, ")


def test_a_wide_and_long_table_is_cut_and_says_so(store_path: Path) -> None:
    frame = pd.DataFrame(np.arange(3_000).reshape(100, 30), columns=[f"c{i}" for i in range(30)])
    table = view(log("a", big={None: frame}), "big")["table"]
    assert (len(table["rows"]), len(table["heads"])) == (20, 12)
    assert table["note"] == "100 × 30 · the first 20 rows and the first 12 columns"


def test_what_is_large_says_its_size_and_is_not_read(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = log("a", big={None: np.random.default_rng(0).random((1_300, 1_300))})
    artifact = run.artifact("big")
    monkeypatch.setattr(type(artifact), "open", lambda self: pytest.fail("it was read"))
    assert artifact_view(artifact, limit=1_000)["told"].endswith("too large to be shown here")
    assert ARTIFACT_LIMIT <= 4 << 20


def test_damaged_and_lost_contents_are_told(store_path: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.csv").write_bytes(b"\xff\xfe\x00,")
    (tmp_path / "broken.json").write_bytes(b'{"a": ')
    (tmp_path / "big.txt").write_bytes(b"x" * 2_000_000)
    with ct.track("a") as run:
        for name in ("broken.csv", "broken.json", "big.txt"):
            run.log_artifact(tmp_path / name, name)
    found = ct.run(run)
    shutil.rmtree(store_path.with_name(store_path.name + ".files"))
    assert found.artifact("big.txt").sha256[:8] in view(found, "big.txt")["told"]
    assert "is no text/csv that can be read" in view(found, "broken.csv")["told"]
    assert view(found, "broken.json")["text"] == '{"a": '


def test_pages_are_for_a_frame_and_a_charts_page_is_only_named(store_path: Path) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    page = f"<script>window.ran = 1</script>{XSS}"
    with ct.track("a") as run:
        run.log_artifact(page.encode(), "page.bin")
        (store_path.parent / "page.html").write_text(page)
        run.log_artifact(store_path.parent / "page.html", "page.html")
        run.log_artifact(go.Figure(), "chart.html")
        run.log_artifact(go.Figure(), "chart")
    found = ct.run(run)
    assert view(found, "page.html")["page"] == page
    assert view(found, "page.bin")["told"].startswith("bytes, ")
    assert view(found, "chart.html")["told"].startswith("HTML, ")
    assert view(found, "chart")["told"].startswith("chart, ")


def test_a_chart_is_drawn_when_it_is_asked_for_and_fetches_nothing(store_path: Path) -> None:
    import altair as alt

    pytest.importorskip("vl_convert")  # an extra
    chart = alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_bar().encode(x="x:O")
    far = alt.Chart(alt.UrlData("http://127.0.0.1:9/x.csv")).mark_bar().encode(x="x:O")
    near = alt.Chart(alt.UrlData("file:///etc/passwd")).mark_text().encode(text="root:N")
    run = log("a", chart={None: chart}, far={None: far}, near={None: near})
    assert view(run, "chart")["can_draw"] is True
    assert view(run, "chart", draw=True)["picture"].startswith("data:image/svg+xml")
    assert "cannot be read" in view(run, "far", draw=True)["told"]
    drawn = view(run, "near", draw=True)
    assert b"/bin" not in base64.b64decode(drawn.get("picture", ",").partition(",")[2])


def test_the_still_form_shows_the_last_step_within_a_bound(store_path: Path) -> None:
    noise = np.random.default_rng(0)
    runs = []
    for name in (XSS, "b", "c"):
        with ct.track(name) as run:
            for step in (0, 7):
                frame = pd.DataFrame({name: [f"{name} at {step}"]})
                run.log_artifact(frame, XSS, step=step)
            for i in range(4):
                run.log_artifact(noise.integers(0, 255, (250, 250, 3), np.uint8), f"i{i}", step=1)
            for other in "yz":
                run.log_artifact(pd.DataFrame({"a": [1.5]}), other * 2)
        runs.append(ct.run(run))
    page = ct.compare(runs).side_by_side.still_artifacts()
    assert "<img src=x" not in page
    assert "step 7" in page
    assert "step 0" not in page
    assert "at 7" in page
    assert 500_000 < len(page) < 1_600_000
    assert "too large to be shown here" in page
    assert "7 artifacts logged, the last step of each · 6 shown" in page
    assert artifacts_html(ArtifactSteps([]), []) == ""


def test_a_comparison_sends_nothing_of_its_artifacts_at_first(store_path: Path) -> None:
    runs = [log(name, image={0: np.ones((200, 200)), 1: "z" * 9_000}) for name in "ab"]
    part = ct.compare(runs).side_by_side
    assert json.loads(part._rows)["artifacts"] == 1
    assert "z" * 100 not in part._rows
    assert json.loads(ct.compare([log("c"), log("d")]).side_by_side._rows)["artifacts"] == 0

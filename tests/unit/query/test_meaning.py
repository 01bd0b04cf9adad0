"""What is said once of a metric counts wherever the metric is shown or compared."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import celltrail as ct
from celltrail.errors import OptionError, UsageError
from celltrail.model import MetricMeaning
from celltrail.store import open_store
from celltrail.store.meanings import put_meanings, read_meanings
from celltrail.views import run_card, tried_note
from celltrail.views.columns import shown_table
from celltrail.views.comparison import compare_runs
from celltrail.views.run_table import RunTableWidget
from celltrail.views.static_table import table_html, table_text


def two_runs() -> ct.Runs:
    for name, churn, cost in (("a", 0.25, 1500.0), ("b", 0.125, 2500.0)):
        with ct.track(name) as run:
            run.log(churn=churn, cost=cost, zeta=1.5)
    return ct.runs(order_by="name")


def test_what_was_said_is_kept_and_the_rest_left_as_it_was(store_path: Path) -> None:
    assert ct.metric("churn") == MetricMeaning("churn")
    ct.metric("churn", minimize=True, unit="share")
    assert ct.metric("churn", format=".1%") == MetricMeaning("churn", True, "share", ".1%")
    assert ct.metric("churn", unit="") == MetricMeaning("churn", True, "", ".1%")
    assert ct.metric("churn", minimize=False, primary=True).primary
    ct.runs()  # merged or not, it is the same
    assert open_store(store_path).merge()
    assert ct.metric("churn") == MetricMeaning("churn", False, "", ".1%", primary=True)
    found = ct.sql("SELECT * FROM v_metric_meanings")
    assert found.to_dict("records") == [
        {"name": "churn", "minimize": False, "unit": "", "format": ".1%", "is_primary": True}
    ]


def test_a_name_tells_the_direction_until_somebody_says_another(store_path: Path) -> None:
    assert ct.metric("val_loss").minimize is True
    assert ct.metric("val_loss", minimize=False).minimize is False
    two_runs()
    assert ct.runs().meaning("accuracy.max").minimize is False
    assert ct.runs().meaning("val_loss.min").minimize is False


def test_the_direction_counts_for_the_best(store_path: Path) -> None:
    two_runs()
    assert ct.runs().best("churn").name == "a"
    ct.metric("churn", minimize=True)
    assert ct.runs().best("churn").name == "b"
    (row,) = [r for r in compare_runs(list(ct.runs(order_by="name"))).rows if r.name == "churn"]
    assert row.best == (1,)


def test_the_format_and_the_unit_stand_everywhere(store_path: Path) -> None:
    ct.metric("churn", format=".1%")
    ct.metric("cost", unit="EUR", format=",.0f", primary=True)
    runs = two_runs()
    html = table_html(runs.table())
    assert "25.0%" in html
    assert "cost (EUR)" in html
    assert "12.5%" in table_text(runs.table())
    card = run_card(runs[1], None)
    assert "2,500 EUR" in card.text
    assert "12.5%" in card.text
    rows = {row.name: row for row in compare_runs(list(runs)).rows}
    assert rows["churn"].texts == ("25.0%", "12.5%")
    assert rows["cost"].unit == "EUR"
    heads = {h["label"]: h for h in json.loads(RunTableWidget(runs)._columns)}
    assert (heads["cost"]["unit"], heads["cost"]["format"]) == ("EUR", ",.0f")
    assert tried_note(runs[1], runs[0]).endswith("cost 1,500 EUR")


def test_primary_metrics_come_first_the_last_said_before_the_others(store_path: Path) -> None:
    ct.metric("zeta", primary=True)
    ct.metric("cost", primary=True)
    runs = two_runs()
    assert runs.metric_names() == ["cost", "zeta", "churn"]
    assert list(runs[0].metrics) == ["cost", "zeta", "churn"]
    assert list(runs.together()[0].metrics) == ["cost", "zeta", "churn"]
    shown = [c.label for c in shown_table(runs.table()).columns if c.group == "metrics"]
    assert shown == ["cost", "zeta", "churn"]
    ct.metric("cost", primary=False)
    assert ct.runs().metric_names() == ["zeta", "churn", "cost"]


@pytest.mark.parametrize("format", [".3q", "{}", "<script>", "03d", ".123f", "% ", "x", ".٣f"])
def test_a_format_that_is_none_is_refused(store_path: Path, format: str) -> None:
    with pytest.raises(OptionError, match="give one such as"):
        ct.metric("loss", format=format)
    assert ct.metric("loss").format == ""


@pytest.mark.parametrize("format", ["", "d", ",d", "%", ".0%", ".12f", ",.2f", "e", ".3e", "g"])
def test_a_format_that_is_known_is_taken(store_path: Path, format: str) -> None:
    assert ct.metric("loss", format=format).format == format


@pytest.mark.parametrize("word", ["minimize", "primary"])
def test_a_text_is_neither_true_nor_false(store_path: Path, word: str) -> None:
    with pytest.raises(OptionError, match=f"{word} is 'false': give True or False"):
        ct.metric("churn", **{word: "false"})  # type: ignore[arg-type]
    assert ct.metric("churn") == MetricMeaning("churn")


@pytest.mark.parametrize("name", ["", "  "])
def test_a_metric_without_a_name_is_refused(store_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="must not be empty"):
        ct.metric(name, minimize=True)


def test_secrets_are_taken_out_of_names_and_units(store_path: Path) -> None:
    secret = "sk-abcdefghijklmnopqrstuvwxyz12345"
    found = ct.metric(secret, unit=secret)
    assert secret not in repr(found)
    assert not [
        path
        for path in store_path.parent.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ]


def test_what_was_said_survives_a_kill(store_path: Path) -> None:
    code = (
        "import celltrail as ct, os\n"
        f"ct.use({str(store_path)!r})\n"
        "ct.metric('churn', minimize=True, unit='%')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert ct.metric("churn") == MetricMeaning("churn", True, "%")


def test_nothing_is_stored_while_celltrail_is_switched_off(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELLTRAIL_DISABLED", "1")
    assert ct.metric("churn", minimize=True).minimize
    assert not store_path.exists()
    monkeypatch.delenv("CELLTRAIL_DISABLED")
    assert ct.metric("churn").minimize is None


def test_of_two_stores_what_was_said_last_counts(store_path: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.duckdb"
    ct.use(theirs)
    ct.metric("churn", minimize=True, unit="old")
    ct.metric("cost", format="d")
    ct.use(store_path)
    ct.metric("churn", unit="new")
    ct.merge(theirs)
    assert ct.metric("churn") == MetricMeaning("churn", True, "new")
    assert ct.metric("cost").format == "d"
    ct.merge(theirs)  # again
    assert ct.metric("churn") == MetricMeaning("churn", True, "new")
    ct.use(theirs)
    ct.merge(store_path)
    assert ct.metric("churn") == MetricMeaning("churn", True, "new")


def test_nonsense_in_a_store_is_passed_over(store_path: Path) -> None:
    ct.metric("churn", minimize=True)
    assert open_store(store_path).merge()
    with duckdb.connect(store_path) as con:
        con.execute(
            "INSERT INTO metric_meanings VALUES ('churn', 'unit', '[1', now()::TIMESTAMP), "
            "('churn', 'minimize', '3', now()::TIMESTAMP), ('x', 'colour', 'red', "
            "now()::TIMESTAMP), ('y', 'format', '7', now()::TIMESTAMP)"
        )
    assert ct.metric("churn").minimize is True
    assert ct.metric("y") == MetricMeaning("y")
    found = ct.sql("SELECT * FROM v_metric_meanings WHERE name = 'churn'")
    assert found[["minimize", "unit"]].to_dict("records") == [{"minimize": True, "unit": "[1"}]


@pytest.mark.parametrize("format", [".999f", ".-3f", ".²f", ".99999999999f", "<b>", ".1f\x00"])
def test_a_format_that_no_view_can_write_is_passed_over(store_path: Path, format: str) -> None:
    runs = two_runs()
    ct.metric("churn", unit="share", format=".1%", primary=True)
    assert open_store(store_path).merge()
    with duckdb.connect(store_path) as con:
        for field, value in {"format": format, "unit": "u" * 999}.items():
            update = "UPDATE metric_meanings SET value = $1 WHERE field = $2"
            con.execute(update, [value, field])
    assert ct.metric("churn") == MetricMeaning("churn", None, "u" * 40, "", primary=True)
    assert "0.25" in table_html(runs.table())
    assert ct.compare(runs)._still_html()


@pytest.mark.parametrize("time", ["infinity", "-infinity", "2999-01-01"])
def test_a_time_that_is_none_stops_nobody(store_path: Path, time: str) -> None:
    ct.metric("churn", unit="share")
    assert open_store(store_path).merge()
    with duckdb.connect(store_path) as con:
        con.execute("UPDATE metric_meanings SET time = $1::TIMESTAMP", [time])
    assert ct.metric("churn").unit == "share"
    assert ct.metric("churn", unit="EUR").unit == "EUR"
    assert open_store(store_path).merge()
    assert ct.metric("churn").unit == "EUR"


def test_of_one_moment_the_greater_text_counts_in_either_order(store_path: Path) -> None:
    said = [("m", "unit", "a", 5), ("m", "unit", "b", 5)]
    for order in (said, said[::-1]):
        with duckdb.connect(":memory:") as con:
            con.execute(
                "CREATE TABLE metric_meanings (metric VARCHAR, field VARCHAR, value VARCHAR, "
                "time TIMESTAMP)"
            )
            for one in order:
                put_meanings(con, [one])
            assert read_meanings(con)["m"].unit == "b"


def test_charts_have_the_unit_and_the_format(store_path: Path) -> None:
    for name in ("a", "b"):
        with ct.track(name, params={"lr": 0.1 if name == "a" else 0.2}) as run:
            for step in range(3):
                run.log(cost=1000.0 + step, step=step)
    ct.metric("cost", unit="EUR", format=",.0f", minimize=True)
    runs = ct.runs()
    for chart in (
        ct.plot.curves(runs, "cost"),
        ct.plot.curves(runs, "cost", group_by="lr"),
        ct.plot.progress(runs, "cost"),
        ct.plot.bars(runs, "cost"),
        ct.plot.scatter(runs, "lr", "cost"),
    ):
        spec = json.dumps(chart.chart.to_dict())
        assert "cost (EUR)" in spec
        assert '"format": ",.0f"' in spec
    assert "lowest" in json.dumps(ct.plot.progress(runs, "cost").chart.to_dict())


def test_still_forms_have_the_unit_and_the_format(store_path: Path) -> None:
    for place, name in enumerate("ab"):
        with ct.track(name, params={"lr": 0.1 + place}) as run:
            for step in range(3):
                run.log(churn=0.25 + step / 8 + place / 4, step=step)
    ct.metric("churn", unit="share", format=".1%")
    runs = ct.runs()
    curves = ct.plot.curves(runs, "churn")
    assert "churn 50.0% share at step 2" in curves._still_text()
    (picture,) = re.findall('base64,([^"]*)', curves._still_html())
    svg = base64.b64decode(picture).decode()
    assert "churn (share)" in svg
    assert ">40.0%<" in svg
    assert "50.0% share" in ct.plot.curves(runs, "churn", group_by="lr")._still_text()
    for chart in (
        ct.plot.progress(runs, "churn"),
        ct.plot.bars(runs, "churn"),
        ct.plot.scatter(runs, "lr", "churn"),
        ct.plot.parallel(runs, ["lr", "churn"]),
    ):
        assert "50.0%" in chart._still_text()
    assert "churn (share)" in json.dumps(ct.plot.parallel(runs, ["lr", "churn"]).chart.to_dict())

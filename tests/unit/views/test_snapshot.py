from __future__ import annotations

import sys
import types
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from view_fakes import many_runs

from celltrail.views import RunTableWidget

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Collect what is displayed."""
    shell = InteractiveShell.instance()
    publisher = CapturingDisplayPublisher()
    monkeypatch.setattr(shell, "display_pub", publisher)
    return publisher.outputs


def test_a_widget_is_shown_as_a_picture_and_a_view(published: list[dict[str, Any]]) -> None:
    table = RunTableWidget(many_runs(3))  # type: ignore[arg-type]
    table._ipython_display_()
    picture, view = published
    assert set(picture["data"]) == {"text/html", "text/plain"}
    assert f'class="celltrail-snapshot {table._mark}"' in picture["data"]["text/html"]
    assert picture["transient"] == {"display_id": table._mark}
    assert set(view["data"]) == {VIEW}
    assert view["data"][VIEW]["model_id"] == table.model_id


def test_the_picture_is_drawn_anew_in_its_place(published: list[dict[str, Any]]) -> None:
    table = RunTableWidget(many_runs(3))  # type: ignore[arg-type]
    table.runs = many_runs(2)  # type: ignore[assignment]
    table.refresh_snapshot()
    (picture,) = published
    assert picture["update"] is True
    assert picture["transient"] == {"display_id": table._mark}
    assert "2 runs" in picture["data"]["text/plain"]


def test_other_runs_change_the_picture_that_is_shown(published: list[dict[str, Any]]) -> None:
    table = RunTableWidget(many_runs(3))  # type: ignore[arg-type]
    table._ipython_display_()
    table.runs = many_runs(2)  # type: ignore[assignment]
    *_, update = published
    assert update["update"] is True
    assert update["transient"] == {"display_id": table._mark}
    assert "2 runs" in update["data"]["text/plain"]


def test_google_colab_is_told_how_to_show_the_widget(
    published: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = types.ModuleType("google.colab.output")
    output._widgets = types.SimpleNamespace(_installed_url="a-manager.js")  # type: ignore[attr-defined]
    output.enable_custom_widget_manager = lambda: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    table = RunTableWidget(many_runs(3))  # type: ignore[arg-type]
    table._ipython_display_()
    expected = {VIEW: {"colab": {"custom_widget_manager": {"url": "a-manager.js"}}}}
    assert published[1]["metadata"] == expected
    assert table._repr_mimebundle_()[1] == expected


def test_two_widgets_have_two_marks() -> None:
    runs = many_runs(1)
    assert RunTableWidget(runs)._mark != RunTableWidget(runs)._mark  # type: ignore[arg-type]


def test_a_front_end_that_asks_for_one_bundle_gets_view_and_text() -> None:
    table = RunTableWidget(many_runs(1))  # type: ignore[arg-type]
    bundle = table._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/plain"}
    assert "1 run" in bundle["text/plain"]

from __future__ import annotations

import subprocess
import sys

import pytest

from celltrail import views


def test_every_name_resolves() -> None:
    for name in views.__all__:
        assert getattr(views, name).__name__ == name
    assert dir(views) == sorted(views.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        views.nothing  # noqa: B018


def test_the_card_needs_neither_widgets_nor_charts() -> None:
    code = (
        "import sys; from celltrail.views import run_card, table_html; "
        "sys.exit(bool({'anywidget', 'ipywidgets', 'altair', 'nanoarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

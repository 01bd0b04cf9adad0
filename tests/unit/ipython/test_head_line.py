"""The head line is taken off before IPython sees the cell, and read again from the raw cell."""

from __future__ import annotations

from typing import Any

import pytest

from celltrail.ipython.transform import head_of


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%%track\nx = 1", "\nx = 1\n"),
        ("%%track name -t a\nx = 1\ny = 2", "\nx = 1\ny = 2\n"),
        ("  %%track\n  x = 1\n  y = 2", "\nx = 1\ny = 2\n"),
        ("\n\n%%track\nx = 1", "\n\n\nx = 1\n"),
        ("%%track\n%%track again\nx = 1", "\n\nx = 1\n"),
        ("%%track\n!ls", "\nget_ipython().system('ls')\n"),
        ("%%track\n%%time\nx = 1", "get_ipython().run_cell_magic('time', '', 'x = 1\\n')\n"),
        (">>> %%track\n>>> x = 1", "\nx = 1\n"),
        ("In [3]: %%track\n   ...: x = 1", "\nx = 1\n"),
        ("%track x = 1", "x = 1\n"),
        ("%track -p a=1 --quiet f( 'a  b' );", "f( 'a  b' );\n"),
        ("%track !ls", "get_ipython().system('ls')\n"),
        ("%track %time f()", "get_ipython().run_line_magic('time', 'f()')\n"),
        ("%track", "get_ipython().run_line_magic('track', '')\n"),
        ("%track?", "get_ipython().run_line_magic('pinfo', '%track')\n"),
        ("%%track?", "get_ipython().run_line_magic('pinfo', '%%track')\n"),
        ("%%trackfoo\nx", "get_ipython().run_cell_magic('trackfoo', '', 'x\\n')\n"),
        ("x = '%%track'", "x = '%%track'\n"),
        ("# note\n%%track", None),
        ("a = 1\n%track b = 2", "a = 1\nget_ipython().run_line_magic('track', 'b = 2')\n"),
        ("track = 3", "track = 3\n"),
    ],
)
def test_the_rest_is_transformed_as_if_the_head_were_not_there(
    stripping_shell: Any, cell: str, code: str | None
) -> None:
    if code is None:
        assert head_of(cell) is None
        return
    for _ in range(3):  # IPython calls it one to three times
        assert stripping_shell.transform_cell(cell) == code


def test_a_cell_that_is_only_a_head_becomes_an_empty_one(stripping_shell: Any) -> None:
    assert not stripping_shell.transform_cell("%%track").strip()
    assert stripping_shell.check_complete("%%track")[0] == "incomplete"


@pytest.mark.parametrize("cell", ["%%track\nx = 1", "%%track\nfor i in x:\n    f(i)"])
def test_a_terminal_waits_for_more_lines_as_with_any_cell_magic(
    stripping_shell: Any, cell: str
) -> None:
    assert stripping_shell.check_complete(cell)[0] == "incomplete"
    assert stripping_shell.check_complete(f"{cell}\n\n")[0] == "complete"


@pytest.mark.parametrize(
    ("cell", "options", "body", "kind"),
    [
        ("%%track a -t b\nx = 1", "a -t b", "x = 1", "cell"),
        ("\n  %%track\n  x = 1", "", "  x = 1", "cell"),
        ("%%time\n%%track a\nx = 1", "a", "%%time\nx = 1", "cell"),
        (">>> %%track a\n>>> x = 1", "a", "x = 1", "cell"),
        ("%%track a", "a", "", "cell"),
        ("%track --quiet x = 1\n", "--quiet", "x = 1", "statement"),
    ],
)
def test_the_head_is_read_from_the_raw_cell(cell: str, options: str, body: str, kind: str) -> None:
    head = head_of(cell)
    assert head is not None
    assert (head.options, head.body, head.kind) == (options, body, kind)


@pytest.mark.parametrize(
    "cell", ["", "x = 1", "%%time\nx", "%%bash\n%%track\nls", "%track", "%%trackfoo", "%%track?"]
)
def test_other_cells_have_no_head(cell: str) -> None:
    assert head_of(cell) is None

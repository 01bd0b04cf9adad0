"""Reading source leaves no trace in the warnings that the user sees."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from celltrail.capture.blocks import block_source
from celltrail.capture.names import analyse
from celltrail.capture.parse import parse_quietly

#: Sources that the parser itself warns of.
WARNED = ['x = "\\d"', "x = 1if True else 2"]


@pytest.mark.parametrize("action", ["error", "always", "once", "default"])
@pytest.mark.parametrize("code", WARNED)
def test_no_warning_of_the_parser_is_shown_or_raised(code: str, action: str) -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter(action)  # type: ignore[arg-type]
        before = list(warnings.filters)
        assert len(parse_quietly(code).body) == 1
        assert analyse(f"{code}  # {action}") is not None
        line = f"get_ipython().run_line_magic('time', {code!r})"
        names = analyse(line)
        assert names is not None
        assert "x" in names.binds
        assert block_source(f"with f():\n    {code}", 2) == f"with f():\n    {code}"
        assert warnings.filters == before
    assert shown == []


def test_the_filter_is_taken_out_after_an_error_too() -> None:
    before = list(warnings.filters)
    with pytest.raises(SyntaxError):
        parse_quietly("x = )")
    assert warnings.filters == before


def test_a_warning_that_is_shown_once_is_not_shown_again_after_parsing() -> None:
    # in a process of its own: pytest has its own ways with warnings
    script = (
        "import warnings\n"
        "from celltrail.capture.names import analyse\n"
        "def helper():\n"
        "    warnings.warn('mind the gap')\n"
        "for n in range(3):\n"
        "    helper()\n"
        "    analyse(f'a = {n}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stderr.count("UserWarning: mind the gap") == 1

"""The magic ``track``: help and completion, the table of runs, statements within cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core import magic
from IPython.core.error import UsageError
from IPython.core.magic import needs_local_scope, no_var_expand

from celltrail import api
from celltrail.ipython.options import HELP, PARSER, parse_options, split_statement
from celltrail.ipython.recorder import say, tell
from celltrail.ipython.statement import run_statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from celltrail.ipython.hooks import CellHooks

__all__ = ["make_magic"]

# IPython before 8.13 does not know it: there `%track x;` shows its result
_can_be_silenced: Any = getattr(magic, "output_can_be_silenced", lambda function: function)
_AUTO_ON = (
    "celltrail records every cell that computes something from here on (%track --no-auto ends "
    "it, %track --explain says why a cell is recorded or not, %track shows the runs)"
)
_AUTO_OFF = "celltrail records only what is asked for from here on"


def make_magic(shell: Any, hooks: CellHooks) -> Callable[..., object]:
    """Make the function that is registered as ``%track`` and ``%%track``.

    Parameters
    ----------
    shell
        The shell that it runs in.
    hooks
        The hooks of the same shell.

    Returns
    -------
    callable
        Tracked cells do not come here, since their head line is taken off before: only
        ``%track`` alone or within a cell, and code that calls the magic by its name.
    """

    @_can_be_silenced  # type: ignore[untyped-decorator, unused-ignore]
    @no_var_expand  # type: ignore[untyped-decorator, unused-ignore]
    @needs_local_scope  # type: ignore[untyped-decorator, unused-ignore]
    def track(
        line: str, cell: str | None = None, local_ns: dict[str, object] | None = None
    ) -> object:
        __tracebackhide__ = True
        if cell is not None:
            text, statement = line, cell
        else:
            text, statement = split_statement(line)
        if not statement.strip():
            return _alone(text, hooks)
        options = parse_options(text)
        if options.problem is not None:
            say(f"%track: {options.problem} (it runs and is recorded; %track? shows help)")
        return run_statement(shell, statement, None if hooks.is_disabled else options, local_ns)

    track.__doc__ = HELP
    # what IPython's completion and magic_arguments look for
    track.has_arguments = True
    track.parser = PARSER
    return track  # type: ignore[no-any-return, unused-ignore]


def _alone(text: str, hooks: CellHooks) -> object:
    """Do what ``%track`` without a statement is asked for."""
    options = parse_options(text)
    if text and options.problem is None and (options.auto is not None or options.explain):
        if hooks.is_disabled:
            say("%track: celltrail is switched off (by CELLTRAIL_DISABLED or the config)")
            return None
        if options.auto is not None:
            hooks.auto.is_on = options.auto
            tell(_AUTO_ON if options.auto else _AUTO_OFF)
        if options.explain:
            tell(hooks.auto.explain())
        return None
    if text:
        problem = parse_options(text).problem or "options need a statement behind them"
        message = f"%track: {problem} (%track alone shows the runs; %track? shows help)"
        raise UsageError(message)
    if hooks.is_disabled:
        say("%track: celltrail is switched off (by CELLTRAIL_DISABLED or the config)")
        return None
    return api.table()

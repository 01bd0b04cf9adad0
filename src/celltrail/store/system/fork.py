"""What happens around a fork, on systems that have one."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["at_fork", "keep_alive", "may_start_threads"]


def at_fork(
    *, before: Callable[[], object], parent: Callable[[], object], child: Callable[[], object]
) -> None:
    """Call functions around every fork of this process; do nothing where there is no fork."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=parent, after_in_child=child)


def may_start_threads() -> bool:
    """Say whether a thread may be begun here.

    DuckDB before 2.0 aborts a forked child as that exits if its parent had imported DuckDB
    and it has ever begun a thread, whatever that did; seen with 1.5.1 to 1.5.4.
    """
    version = getattr(_inherited, "__version__", "2")
    return type(version) is not str or not version.startswith(("0.", "1."))


def _note_inherited() -> None:
    global _inherited
    _inherited = sys.modules.get("duckdb")


_inherited: object = None
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_inherited)


def keep_alive(thing: object) -> None:
    """Never let an object be destroyed, not even when the interpreter ends.

    A forked child must not run the destructor of a database connection that it
    inherited: it would act on files and threads that are the parent's.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))

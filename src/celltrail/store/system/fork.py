"""What happens around a fork, on systems that have one."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["at_fork", "keep_alive"]


def at_fork(
    *, before: Callable[[], object], parent: Callable[[], object], child: Callable[[], object]
) -> None:
    """Call functions around every fork of this process; do nothing where there is no fork."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=parent, after_in_child=child)


def keep_alive(thing: object) -> None:
    """Never let an object be destroyed, not even when the interpreter ends.

    A forked child must not run the destructor of a database connection that it
    inherited: it would act on files and threads that are the parent's.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))

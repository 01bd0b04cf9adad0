"""What happens around a fork, on systems that have one."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["at_fork", "importing", "keep_alive", "may_start_threads"]

#: Seconds that a fork waits for what a thread of ours imports.
_PATIENCE = 1.0


def at_fork(
    *, before: Callable[[], object], parent: Callable[[], object], child: Callable[[], object]
) -> None:
    """Call functions around every fork of this process; do nothing where there is no fork."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=parent, after_in_child=child)


@contextmanager
def importing() -> Iterator[None]:
    """Let forks wait while a thread of ours imports something.

    A child that is forked in between has a module that is half there, and stays so.
    """
    lock = _imports
    with lock:
        yield


def _wait_for_imports() -> None:
    global _waited
    _waited = _imports.acquire(timeout=_PATIENCE)


def _go_on() -> None:
    global _waited
    if _waited:
        _waited = False
        _imports.release()


def _renew() -> None:
    global _imports, _waited
    _imports, _waited = threading.Lock(), False


_imports = threading.Lock()
_waited = False
at_fork(before=_wait_for_imports, parent=_go_on, child=_renew)


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

"""Load and unload the extension, so that unloading leaves no trace."""

from __future__ import annotations

import contextlib
from typing import Any
from weakref import WeakKeyDictionary

from celltrail.ipython.hooks import CellHooks
from celltrail.ipython.magics import make_magic
from celltrail.ipython.transform import HeadStripper

__all__ = ["load", "unload"]

_MAGIC = "track"
_KINDS = ("line", "cell")

_loaded: WeakKeyDictionary[Any, _Extension] = WeakKeyDictionary()


class _Extension:
    """All that is added to one shell, and what stood there before."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._hooks = CellHooks(shell)
        self._stripper = HeadStripper()
        self._magic = make_magic(shell, self._hooks)
        self._magics_before: dict[str, Any] = {}
        self._attribute_before: Any = None

    def add(self) -> None:
        """Add transformers, hooks and the magic."""
        shell = self._shell
        self._hooks.learn_notebook()
        self._hooks.say_level()
        shell.input_transformers_cleanup.insert(0, self._stripper.first)
        shell.input_transformers_cleanup.append(self._stripper.pasted)
        shell.input_transformers_post.append(self._stripper.pad)
        shell.events.register("pre_run_cell", self._hooks.before_cell)
        shell.events.register("post_run_cell", self._hooks.after_cell)
        manager = shell.magics_manager
        for kind in _KINDS:
            if _MAGIC in manager.magics[kind]:
                self._magics_before[kind] = manager.magics[kind][_MAGIC]
        self._attribute_before = vars(manager.user_magics).get(_MAGIC)
        manager.register_function(self._magic, magic_kind="line_cell", magic_name=_MAGIC)

    def remove(self) -> None:
        """Take away exactly what was added, as far as it is still there."""
        shell = self._shell
        cleanup, post = shell.input_transformers_cleanup, shell.input_transformers_post
        for transformers, ours in (
            (cleanup, self._stripper.first),
            (cleanup, self._stripper.pasted),
            (post, self._stripper.pad),
        ):
            if ours in transformers:
                transformers.remove(ours)
        _unregister(shell, "pre_run_cell", self._hooks.before_cell)

        def last() -> None:
            self._hooks.tap.remove()
            _unregister(shell, "post_run_cell", self._hooks.after_cell)

        if self._hooks.is_recording:
            # %unload_ext within a tracked cell: the cell's record is still to be closed
            self._hooks.when_idle = last
        else:
            last()
        self._remove_magic()

    def _remove_magic(self) -> None:
        manager = self._shell.magics_manager
        for kind in _KINDS:
            table = manager.magics[kind]
            if table.get(_MAGIC) is not self._magic:
                continue  # somebody else has registered theirs meanwhile
            if kind in self._magics_before:
                table[_MAGIC] = self._magics_before[kind]
            else:
                del table[_MAGIC]
        attributes = vars(manager.user_magics)
        if attributes.get(_MAGIC) is self._magic:
            if self._attribute_before is None:
                delattr(manager.user_magics, _MAGIC)
            else:
                setattr(manager.user_magics, _MAGIC, self._attribute_before)


def _unregister(shell: Any, event: str, hook: Any) -> None:
    with contextlib.suppress(ValueError):  # the user may have cleared the hooks
        shell.events.unregister(event, hook)


def load(shell: Any) -> None:
    """Add celltrail to a shell; a second time does nothing.

    Parameters
    ----------
    shell
        The ``InteractiveShell`` that IPython hands to extensions.
    """
    if shell not in _loaded:
        extension = _Extension(shell)
        extension.add()
        _loaded[shell] = extension


def unload(shell: Any) -> None:
    """Take celltrail off a shell, which then is as it was before.

    Parameters
    ----------
    shell
        The shell. Runs that are open stay open; what was recorded stays in the store.
    """
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.remove()

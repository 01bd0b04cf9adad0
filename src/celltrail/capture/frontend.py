"""What the notebook's front end tells the kernel: the notebook's path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.config import notebook_path

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["notebook_of", "told_by_vscode"]


def notebook_of(namespace: Mapping[str, object]) -> str | None:
    """Give the path of the notebook that this kernel belongs to.

    Parameters
    ----------
    namespace
        The notebook's namespace, in which VS Code leaves the path, and papermill when it is
        told to (``--inject-input-path``).

    Returns
    -------
    str or None
        None where no front end says it: consoles, nbclient, Colab. After a rename it is the
        old name, since the kernel is not told.

    Examples
    --------
    >>> notebook_of({"__vsc_ipynb_file__": "/home/me/fit.ipynb"})
    '/home/me/fit.ipynb'
    """
    told = told_by_vscode(namespace) or _text(namespace.get("PAPERMILL_INPUT_PATH"))
    if told is not None:
        return told
    path = notebook_path()
    return None if path is None else str(path)


def told_by_vscode(namespace: Mapping[str, object]) -> str | None:
    """Give the path that VS Code leaves in the notebook's namespace, if it does.

    Examples
    --------
    >>> told_by_vscode({"x": 1}) is None
    True
    """
    return _text(namespace.get("__vsc_ipynb_file__"))


def _text(told: object) -> str | None:
    return told if type(told) is str and told else None

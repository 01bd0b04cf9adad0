"""Warnings that can never get in the way of what they are about."""

from __future__ import annotations

import sys
import warnings

from celltrail.errors import CelltrailWarning

__all__ = ["warn"]


def warn(message: str, *, stacklevel: int = 2) -> None:
    """Warn, and go on whatever the user made of warnings.

    Parameters
    ----------
    message
        What is wrong, as whole sentences.
    stacklevel
        Whose line is shown: 1 for the caller, 2 for the caller's caller, and so on.

    Notes
    -----
    Where warnings are errors (``python -W error``) this one would end a write or a read
    half way, for something that was already dealt with. It goes to stderr there instead.
    """
    said = f"celltrail: {message}"
    try:
        warnings.warn(said, CelltrailWarning, stacklevel=stacklevel + 1)
    except CelltrailWarning:
        if sys.stderr is not None:
            sys.stderr.write(f"{said}\n")

"""scikit-learn, which some charts need and celltrail does not."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from celltrail.errors import OptionError

__all__ = ["sklearn"]


def sklearn(module: str, chart: str) -> Any:
    """Import a module of scikit-learn, or say what to install.

    Parameters
    ----------
    module
        Its name behind ``sklearn.``.
    chart
        What needs it.
    """
    try:
        return import_module(f"sklearn.{module}")
    except ImportError:
        message = f"{chart} needs scikit-learn: pip install 'celltrail[charts]'."
        raise OptionError(message) from None

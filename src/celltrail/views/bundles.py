"""The built scripts and styles of the widgets, which come with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["bundle_bytes", "bundle_text"]

_FOLDER = Path(__file__).parent / "static"


def bundle_bytes(name: str) -> bytes:
    """Read a file of the built widgets.

    Parameters
    ----------
    name
        Its name in ``views/static``.

    Returns
    -------
    bytes
        The content.

    Raises
    ------
    RuntimeError
        When the widgets were never built, which happens only in a source checkout.
    """
    try:
        return (_FOLDER / name).read_bytes()
    except FileNotFoundError:
        message = (
            f"celltrail's widgets are not built ({name} is missing): run `make build` in the "
            "checkout, or install celltrail from a wheel, which has them."
        )
        raise RuntimeError(message) from None


@cache
def bundle_text(name: str) -> str:
    """Read a text file of the built widgets, once per process."""
    return bundle_bytes(name).decode("utf-8")

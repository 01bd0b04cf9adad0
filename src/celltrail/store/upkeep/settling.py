"""Bringing everything that was logged into a store before it is taken elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.errors import StoreError, StoreMissingError
from celltrail.store.notices import warn
from celltrail.store.spool import Spool

if TYPE_CHECKING:
    from celltrail.store.access import Access

__all__ = ["require_store", "settle"]


def require_store(access: Access) -> None:
    """Raise `StoreMissingError` where there is neither a store nor anything logged to it."""
    if not access.path.exists() and not any(Spool(access.layout).writers()):
        raise StoreMissingError(access.path)


def settle(access: Access) -> None:
    """Merge what was logged; where that cannot be done, say that it is left out.

    Raises
    ------
    StoreMissingError
        When there is no store.
    """
    require_store(access)
    access.mend()
    if not access.pending():
        return
    try:
        merged = access.merge()
    except StoreError:
        if not access.path.exists():
            raise
        merged = False
    if not merged:
        warn(
            f"what was logged to {access.path} and is not merged there yet is left out, since "
            "that cannot be done now. Do this again later."
        )

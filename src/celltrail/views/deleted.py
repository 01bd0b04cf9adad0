"""The deleted runs of a store as the list from which they are restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.query.removal import deleted
from celltrail.views.format import format_time, shorten

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["deleted_rows"]

#: Of more than these the list says only how many there are.
_LISTED = 200


def deleted_rows(store: Path) -> dict[str, Any]:
    """Describe the deleted runs of a store.

    Parameters
    ----------
    store
        Where they are.

    Returns
    -------
    dict
        ``rows``, the one deleted last first, each with ``id``, ``number``, ``label``,
        ``experiment`` and ``when`` it was deleted; and how many there are in ``total``.
    """
    found = deleted(store)
    rows = [
        {
            "id": run.id,
            "number": run.number,
            "label": shorten(run.name or f"run {run.number}", 80),
            "experiment": shorten(run.experiment, 40),
            "when": format_time(run.deleted),
        }
        for run in found[:_LISTED]
    ]
    return {"rows": rows, "total": len(found)}

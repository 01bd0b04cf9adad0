"""What runs were asked for, so that a view of them can be asked for again, as code."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for runs, as `celltrail.runs` takes it.

    Parameters
    ----------
    where, order_by
        The filter and the ordering; empty for none.
    experiment
        The experiment, or None for all.
    limit
        At most so many runs, or None.
    """

    where: str = ""
    order_by: str = ""
    experiment: str | None = None
    limit: int | None = None

    def narrowed(self, where: str, order_by: str) -> Asked | None:
        """Ask for those of the runs for which a filter holds too, ordered anew.

        Parameters
        ----------
        where, order_by
            The further filter, and the ordering that counts more than the one before; empty
            for none.

        Returns
        -------
        Asked or None
            None when no single question gives that: the first so many runs of an ordering
            cannot be filtered or ordered further by one.

        Examples
        --------
        >>> Asked(where="a = 1 or b = 2").narrowed("c = 3", "d desc").code()
        "ct.runs('(a = 1 or b = 2) and (c = 3)', order_by='d desc')"
        """
        if self.limit is not None and (where or order_by):
            return None
        both = [part for part in (self.where, where) if part.strip()]
        filters = both[0] if len(both) == 1 else " and ".join(f"({part})" for part in both)
        orders = ", ".join(part for part in (order_by, self.order_by) if part.strip())
        return replace(self, where=filters, order_by=orders)

    def code(self) -> str:
        """Write the question as a line of Python."""
        parts = [repr(self.where)] if self.where else []
        if self.order_by:
            parts.append(f"order_by={self.order_by!r}")
        if self.experiment is not None:
            parts.append(f"experiment={self.experiment!r}")
        if self.limit is not None:
            parts.append(f"limit={self.limit}")
        return f"ct.runs({', '.join(parts)})"

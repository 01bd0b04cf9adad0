"""Histograms: how often which values come, without the values."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from celltrail.errors import ArtifactError
from celltrail.record.content.arrays import to_array
from celltrail.record.content.content import HISTOGRAM_MIME, Content

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["Histogram", "histogram_content", "read_histogram"]

_LARGEST = sys.float_info.max
_FAR = 1e290


class Histogram:
    """How values are spread, to be given to `ActiveRun.log_artifact`; stored as JSON.

    Parameters
    ----------
    values
        An array, tensor or sequence of numbers of any shape.
    bins
        How many bins of one width, or the edges of all.
    range
        Lowest and highest edge; by default those of the finite values, with some room
        around them where they are too close for so many bins.

    Raises
    ------
    ArtifactError
        When the values are no numbers, or the bins no bins. Numbers of any size are no
        mistake, nor are NaN and no values at all.

    Attributes
    ----------
    counts
        How many values are in each bin (or what weights sum to).
    edges
        The bins' edges, one more than there are bins.
    outside
        How many values are in no bin: NaN, the infinities and those beyond the edges.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track() as run:
    ...     run.log_artifact(ct.Histogram([0.1, 0.2, 0.9], bins=2), "weights", step=1)
    >>> ct.run(run).artifact("weights", step=1).load().counts.tolist()
    [2, 1]
    """

    def __init__(
        self,
        values: Any,
        bins: int | Sequence[float] = 64,
        range: tuple[float, float] | None = None,
    ) -> None:
        import numpy as np

        array = to_array(values).ravel()
        with np.errstate(all="ignore"):
            numbers = array.astype(np.float64)
        finite = numbers[np.isfinite(numbers)]
        try:
            counts, edges = _counted(finite, bins, range)
        except (TypeError, ValueError, MemoryError) as error:
            message = f"no histogram can be made of these values and bins ({error})."
            raise ArtifactError(message) from error
        self._set(counts, edges, len(array) - int(counts.sum()))

    @classmethod
    def from_counts(cls, counts: Any, edges: Any, outside: int = 0) -> Histogram:
        """Take a histogram that was counted elsewhere.

        Parameters
        ----------
        counts, edges
            As ``numpy.histogram`` gives them.
        outside
            How many values are in no bin.

        Examples
        --------
        >>> import numpy as np
        >>> Histogram.from_counts(*np.histogram([1, 2, 2], bins=2))
        <Histogram of 2 bins from 1 to 2>
        """
        histogram = cls.__new__(cls)
        histogram._set(to_array(counts), to_array(edges), int(outside))
        return histogram

    def _set(self, counts: npt.NDArray[Any], edges: npt.NDArray[Any], outside: int) -> None:
        if counts.ndim != 1 or edges.ndim != 1 or len(edges) != len(counts) + 1:
            message = (
                f"a histogram has one edge more than it has counts, not counts of the shape "
                f"{counts.shape} and edges of {edges.shape}."
            )
            raise ArtifactError(message)
        self.counts = counts
        self.edges = edges
        self.outside = outside

    def __repr__(self) -> str:
        return (
            f"<Histogram of {len(self.counts)} bins from {self.edges[0]:g} to {self.edges[-1]:g}>"
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Histogram)
            and self.counts.tolist() == other.counts.tolist()
            and self.edges.tolist() == other.edges.tolist()
            and self.outside == other.outside
        )

    __hash__ = None  # type: ignore[assignment]


def _counted(
    values: npt.NDArray[Any], bins: int | Sequence[float], range: tuple[float, float] | None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Count as numpy does, also what is too close together or too far apart for it."""
    import numpy as np

    with np.errstate(all="ignore"):
        if range is not None or not len(values) or not isinstance(bins, (int, np.integer)):
            return np.histogram(values, bins, range)
        largest = float(np.abs(values).max())
        # What numpy computes on its way overflows at the ends of what floats can be: there it
        # gets the same numbers in another unit, which is a power of two and changes no digit.
        is_far = largest > _FAR or 0 < largest < 1 / _FAR
        power = int(np.frexp(largest)[1]) + 2 if is_far else 0
        scaled = np.ldexp(values, -power)
        low, high = scaled.min(), scaled.max()
        room = np.spacing(max(abs(low), abs(high))) * bins
        # One value alone gets half a unit to each side by numpy, where that makes a difference.
        if high - low < 2 * room and (low < high or is_far or room > 0.5):
            low, high = low - room, high + room
        counts, edges = np.histogram(scaled, bins, (low, high))
        return counts, np.clip(np.ldexp(edges, power), -_LARGEST, _LARGEST) if power else edges


def histogram_content(histogram: Histogram) -> Content:
    """Give the JSON of a histogram."""
    fields = {
        "counts": histogram.counts.tolist(),
        "edges": histogram.edges.tolist(),
        "outside": histogram.outside,
    }
    return Content(json.dumps(fields).encode(), "histogram", HISTOGRAM_MIME, "histogram.json")


def read_histogram(data: bytes) -> Histogram:
    """Read a histogram that `histogram_content` wrote.

    Raises
    ------
    ArtifactError
        When it is none.
    """
    try:
        fields = json.loads(data)
        return Histogram.from_counts(fields["counts"], fields["edges"], fields["outside"])
    except (KeyError, TypeError, ValueError) as error:
        message = f"it is no histogram of celltrail's ({error}); take its .bytes()."
        raise ArtifactError(message) from error

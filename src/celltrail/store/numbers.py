"""What the runs and keys of one segment are called in its points, and points as bytes."""

from __future__ import annotations

import struct
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.store.points import EXACT, pack_exact, pack_float

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from celltrail.store.events import Event

__all__ = ["Numbers", "Row"]

#: Key, step and value of one point.
Row: TypeAlias = tuple[str, int, float | int]
#: ``packer(heads, time, steps, values)`` gives the bytes of points.
Packer: TypeAlias = "Callable[[list[int], int, Iterable[int], Iterable[float]], bytes]"

#: So many values in one call are few.
_FEW = 8
#: So many sets of keys that were logged together are remembered.
_MAX_PLANS = 256


@lru_cache(maxsize=_MAX_PLANS)
def _packer(size: int) -> Packer:
    """Give what makes the bytes of so many points.

    Run and key are one number of 64 bits there. Few values, as hot loops log them, are
    written out one by one, which takes a third of the time of a loop.
    """
    pack = struct.Struct("<" + "Qqqd" * size).pack
    if size <= _FEW:
        places = range(size)
        heads, steps, values = ("".join(f"{name}{i}, " for i in places) for name in "hsv")
        fields = ", ".join(f"h{i}, s{i}, time, v{i}" for i in places)
        code = (
            "def packed(heads, time, steps, values):\n"
            f"    {heads} = heads; {steps} = steps; {values} = values\n"
            f"    return pack({fields})\n"
        )
        made: dict[str, Any] = {"pack": pack}
        exec(code, made)
        return made["packed"]  # type: ignore[no-any-return]

    def packed(heads: list[int], time: int, steps: Iterable[int], values: Iterable[float]) -> bytes:
        fields: list[float] = []
        for head, step, value in zip(heads, steps, values, strict=True):
            fields += (head, step, time, value)
        return pack(*fields)

    return packed


class Numbers:
    """The numbers of runs and keys in one segment.

    A number may be used once the segment's events define it: `missing` gives the events
    that do so, and `define` is called after they were written. No number is given twice,
    whoever interrupts whom in between.
    """

    def __init__(self) -> None:
        self._next = count(1)
        self._runs: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        # For a run and keys that are logged together: what packs them, and how each of
        # their records begins.
        self._plans: dict[tuple[str, tuple[str, ...]], tuple[Packer, list[int]]] = {}

    def pack(self, run_id: str, time_us: int, rows: Sequence[Row]) -> bytes:
        """Give points as bytes; KeyError when something is not defined."""
        run, keys = self._runs[run_id], self._keys
        return b"".join(
            [
                pack_float(run, keys[key], step, time_us, value)
                if type(value) is float
                else pack_exact(run, keys[key] | EXACT, step, time_us, value)
                for key, step, value in rows
            ]
        )

    def pack_floats(
        self,
        run_id: str,
        time_us: int,
        keys: tuple[str, ...],
        steps: Iterable[int],
        values: Iterable[float],
    ) -> bytes:
        """Give points as bytes whose values are all floats; KeyError as for `pack`."""
        try:
            pack, heads = self._plans[run_id, keys]
        except KeyError:
            pack, heads = self._plan(run_id, keys)
        return pack(heads, time_us, steps, values)

    def _plan(self, run_id: str, keys: tuple[str, ...]) -> tuple[Packer, list[int]]:
        run = self._runs[run_id]
        plan = _packer(len(keys)), [run | self._keys[key] << 32 for key in keys]
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        self._plans[run_id, keys] = plan
        return plan

    def missing(self, run_id: str, keys: Iterable[str]) -> list[Event]:
        """Give the events that must be written before these points."""
        events: list[Event] = []
        if run_id not in self._runs:
            events.append(("ref", {"r": next(self._next), "run": run_id}))
        for key in dict.fromkeys(keys):
            if key not in self._keys:
                events.append(("key", {"k": next(self._next), "name": key}))
        return events

    def define(self, events: Iterable[Event]) -> None:
        """Take note of events of `missing` that are written now."""
        for kind, fields in events:
            if kind == "ref":
                self._runs[fields["run"]] = fields["r"]
            else:
                self._keys[fields["name"]] = fields["k"]

    def all(self) -> Iterator[Event]:
        """Give the events that define everything anew."""
        # Lists, since a signal handler that logs may define more in between.
        for run_id, number in list(self._runs.items()):
            yield "ref", {"r": number, "run": run_id}
        for key, number in list(self._keys.items()):
            yield "key", {"k": number, "name": key}

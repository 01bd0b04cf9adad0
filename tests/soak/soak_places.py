"""The places in the store's code in which a process can be made to wait for its death.

`install` wraps functions of celltrail in this process. Each says, in a file that the director
reads, that the process is in that place now; and waits there while the director asks for it.
What the file says after a kill is where the process died.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from soak_world import Control, Diary, World, shared_bytes

from celltrail.ids import new_id
from celltrail.store import access, apply, compact, identity, instance, lock, merge, writer

__all__ = ["AT_BIRTH", "PLACES", "UNPAUSED", "Marks", "install", "tune"]

#: Met once in a store's life, so the director begins with these.
AT_BIRTH = ("the new store is made, not yet named", "the new store has its name")
#: Inside DuckDB nothing can be made to wait; the director has to be quick.
UNPAUSED = ("inside COMMIT", "inside DETACH, which writes the checkpoint")
_SESSION = ("a session's folder is made, not yet named", "a session's folder has its name")
PLACES = (
    *AT_BIRTH,
    "the turnstile is held",
    "the lock is held",
    "attached, nothing read yet",
    "rows are inserted, offsets not",
    "before COMMIT",
    "inside COMMIT",
    "after COMMIT",
    "before runs are marked as lost",
    "before DETACH",
    "inside DETACH, which writes the checkpoint",
    "after DETACH, before the spool is tidied",
    "between two removals in the spool",
    *_SESSION,
    "between two segments",
    "compaction: a run is claimed",
    "compaction: points are taken out, not put back",
    "compaction: points are put back, not committed",
    "a small artifact is written, not yet named",
    "a large artifact is written, not yet named",
)
_NUMBERS = {name: number for number, name in enumerate(PLACES)}
#: So long, in seconds, a process waits for the director, which is there much sooner.
_PATIENCE = 0.4
_CHECKPOINT = "inside DETACH, which writes the checkpoint"
#: Segments of a few hundred calls instead of many thousands, so that they end often.
_SEGMENT_SIZE = 48 << 10
#: Runs of so many points are compacted, in slabs of so many points.
_SMALL = 600
_SLAB = 500


class Marks:
    """Says where this process is."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._control = Control(world)
        self.paused = 0.0
        self.open()

    def open(self) -> None:
        """Begin a file of this process's own; a forked child must leave its parent's alone."""
        name = f"{os.getpid()}-{new_id()}"
        self._bytes = shared_bytes(self._world.marks / name, len(PLACES))

    @property
    def patience(self) -> float:
        """Seconds that a compaction waits, if the director wants to find one."""
        target = self._control.target
        return 5.0 if target and PLACES[target - 1].startswith("compaction") else 0.0

    @contextmanager
    def inside(self, place: str) -> Iterator[None]:
        number = _NUMBERS[place]
        self._bytes[number] = 1
        try:
            yield
        finally:
            self._bytes[number] = 0

    def at(self, place: str) -> None:
        """Be in a place, for a while if the director wants to find this process there."""
        number = _NUMBERS[place]
        with self.inside(place):
            if self._control.target == number + 1:
                began = time.monotonic()
                while self._control.target == number + 1:
                    time.sleep(0.001)
                    if time.monotonic() - began > _PATIENCE:
                        break
                self.paused += time.monotonic() - began


class _Connection:
    """DuckDB's connection, with marks around what ends a transaction and an attachment."""

    def __init__(self, con: Any, marks: Marks) -> None:
        self._con = con
        self._marks = marks

    def execute(self, query: str, *values: Any) -> Any:
        if query == "DETACH store":
            return self._at("before DETACH", _CHECKPOINT, None, query, *values)
        if query == "COMMIT":
            return self._at("before COMMIT", "inside COMMIT", "after COMMIT", query)
        if query.startswith("INSERT INTO metrics") and "FROM slab" in query:
            self._marks.at("compaction: points are taken out, not put back")
        if query == "DROP TABLE slab":
            self._marks.at("compaction: points are put back, not committed")
        return self._con.execute(query, *values)

    def _at(self, before: str, inside: str, after: str | None, *query: Any) -> Any:
        self._marks.at(before)
        with self._marks.inside(inside):
            done = self._con.execute(*query)
        if after is not None:
            self._marks.at(after)
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def _before(owner: Any, name: str, marks: Marks, place: str) -> None:
    """Wrap a function so that it is a place right before it does anything."""
    plain: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **more: Any) -> Any:
        marks.at(place)
        return plain(*arguments, **more)

    setattr(owner, name, wrapped)


def install(world: World, diary: Callable[[], Diary]) -> Marks:
    """Wrap the store's functions in this process, and measure its merges."""
    marks = Marks(world)
    os.register_at_fork(after_in_child=marks.open)
    _wrap_lock(marks)
    _wrap_connection(marks)
    _wrap_paths(marks)
    _before(merge, "_load_offsets", marks, "attached, nothing read yet")
    _before(apply, "_offsets", marks, "rows are inserted, offsets not")
    _before(merge, "mark_lost", marks, "before runs are marked as lost")
    _before(merge, "_clean_up", marks, "after DETACH, before the spool is tidied")
    _before(identity.OpenRuns, "events", marks, "between two segments")
    _before(access, "compact_slab", marks, "compaction: a run is claimed")
    _be_patient(marks)
    _measure_merges(marks, diary)
    return marks


def tune() -> None:
    """Let segments end, and runs be compacted, far sooner than they would.

    For every process of a soak: who merges says which runs are worth compacting.
    """
    writer._SEGMENT_SIZE = _SEGMENT_SIZE
    usual, compact._SMALL, compact._SLAB = str(compact._SMALL), _SMALL, _SLAB
    statements = {k: v for k, v in vars(compact).items() if isinstance(v, str) and usual in v}
    assert statements, "the size of runs that are compacted stands somewhere else now"
    for name, statement in statements.items():
        setattr(compact, name, statement.replace(usual, str(_SMALL)))


def _wrap_lock(marks: Marks) -> None:
    plain = lock._held
    names = {"turn": "the turnstile is held", "lock": "the lock is held"}

    @contextmanager
    def held(path: Path, *arguments: Any, **more: Any) -> Iterator[Any]:
        with plain(path, *arguments, **more) as got:
            marks.at(names[path.name])
            yield got

    lock._held = held


def _wrap_connection(marks: Marks) -> None:
    plain = instance._Instance.connection

    def connection(self: Any) -> Any:
        con = plain(self)
        if not isinstance(con, _Connection):
            con = self.con = _Connection(con, marks)
        return con

    instance._Instance.connection = connection  # type: ignore[method-assign]


def _be_patient(marks: Marks) -> None:
    """Let background merges and compactions wait their turn while one is aimed at.

    They try once and otherwise leave it for later, which on a store that is never idle is
    later than a soak lasts.
    """
    merge_, compact_ = access.Access.merge, access.Access.compact

    def merged(self: Any, wait: float = access.PATIENCE) -> bool:
        return merge_(self, max(wait, marks.patience))

    def compacted(self: Any, wait: float = 0.0) -> bool:
        return compact_(self, max(wait, marks.patience))

    access.Access.merge = merged  # type: ignore[method-assign]
    access.Access.compact = compacted  # type: ignore[method-assign]


def _wrap_paths(marks: Marks) -> None:
    """Wrap what names and removes files, for the files that matter."""
    rename, replace, unlink = Path.rename, Path.replace, Path.unlink

    def renamed(self: Path, target: Any) -> Path:
        if not self.name.startswith(".new-"):
            return rename(self, target)
        names = AT_BIRTH if self.suffix == ".duckdb" else _SESSION
        marks.at(names[0])
        done = rename(self, target)
        marks.at(names[1])
        return done

    def replaced(self: Path, target: Any) -> Path:
        if self.suffix == ".part":
            kind = "large" if self.parent.suffix == ".files" else "small"
            marks.at(f"a {kind} artifact is written, not yet named")
        return replace(self, target)

    def unlinked(self: Path, missing_ok: bool = False) -> None:
        if any(parent.suffix == ".spool" for parent in self.parents):
            marks.at("between two removals in the spool")
        unlink(self, missing_ok=missing_ok)

    Path.rename, Path.replace, Path.unlink = renamed, replaced, unlinked  # type: ignore[method-assign]


def _measure_merges(marks: Marks, diary: Callable[[], Diary]) -> None:
    """Write down what each merge of this process took, without what it was made to wait."""
    merge_spool, whole = access.merge_spool, access.Access.merge
    alone: list[float] = []

    def clock() -> float:
        return time.perf_counter() - marks.paused

    def timed(*arguments: Any, **more: Any) -> Any:
        began = clock()
        try:
            return merge_spool(*arguments, **more)
        finally:
            alone.append(clock() - began)

    def measured(self: Any, *arguments: Any, **more: Any) -> bool:
        alone.clear()
        began = clock()
        result = whole(self, *arguments, **more)
        if alone:
            diary().merged(int((clock() - began) * 1e6), int(sum(alone) * 1e6))
        return result

    access.merge_spool = timed
    access.Access.merge = measured  # type: ignore[method-assign]

"""Stores that are merged into each other come to hold the same, in whatever order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from upkeep_contents import content, shown

from celltrail.ids import new_id
from celltrail.store import SpoolWriter, Store, open_store
from celltrail.store.upkeep import merge_store, vacuum_store

VALUES = st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf"), 2**53 + 1, -(2**63)])
#: One thing that one of three stores comes to know of one of three runs.
EVENTS = st.one_of(
    st.tuples(st.just("point"), st.integers(0, 3), VALUES, st.sampled_from(["loss", "acc"])),
    st.tuples(st.just("param"), st.sampled_from(["lr", "opt"]), st.integers(0, 3)),
    st.tuples(st.just("tag"), st.sampled_from(["a", "b"]), st.booleans()),
    st.tuples(st.just("note"), st.sampled_from(["", "short", "a longer note"])),
    st.tuples(st.just("name"), st.sampled_from(["x", "y", None])),
    st.tuples(st.just("artifact"), st.sampled_from([b"one", b"two"])),
    st.tuples(st.just("end"), st.sampled_from(["finished", "failed"]), st.integers(1, 3)),
)
HISTORIES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), EVENTS), max_size=25)


class Teller:
    """Tells two stores different parts of the story of the same runs."""

    def __init__(self, folder: Path) -> None:
        self.stores = [open_store(folder / f"{name}.duckdb") for name in "ab"]
        self.writers = [SpoolWriter(store.path, new_id()) for store in self.stores]
        self.runs = [new_id() for _ in range(3)]
        self.known: set[tuple[int, int]] = set()
        self.time = 1_000_000

    def tell(self, store: int, run: int, event: tuple[Any, ...]) -> None:
        writer, run_id = self.writers[store], self.runs[run]
        self.time += 1
        if (store, run) not in self.known:
            self.known.add((store, run))
            writer.event("run", id=run_id, session="S", experiment="e", started=1, kind="cell")
        kind, *rest = event
        if kind == "point":
            step, value, key = rest
            writer.append(run_id, self.time, [(key, step, value)])
        elif kind == "param":
            writer.event("param", run=run_id, key=rest[0], value=rest[1])
        elif kind == "tag":
            writer.event("tag", run=run_id, tag=rest[0], on=rest[1])
        elif kind == "note":
            writer.event("note", run=run_id, text=rest[0])
        elif kind == "name":
            writer.event("name", run=run_id, name=rest[0])
        elif kind == "artifact":
            sha256, size = writer.add_blob(rest[0])
            writer.event("artifact", run=run_id, name="a", sha256=sha256, size=size)
        else:
            writer.event("run_end", run=run_id, status=rest[0], ended=rest[1])

    def close(self) -> None:
        for writer in self.writers:
            writer.close()


def union_of(stores: list[Store]) -> dict[str, set[Any]]:
    """Everything that either store holds, of what must never be lost."""
    found: dict[str, set[Any]] = {}
    for store in stores:
        contents = content(store)
        params = contents["params"] | contents["param_changes"]
        for table, rows in (
            ("metrics", contents["metrics"]),
            ("params", params),
            ("tags", contents["tags"]),
            ("artifacts", contents["artifacts"]),
            ("blobs", contents["blobs"]),
        ):
            found.setdefault(table, set()).update(rows)
    return found


ZEROS = [*[(0, 0, ("point", 0, 0.0, "loss"))] * 3, (1, 0, ("point", 0, -0.0, "loss"))]


@examples(4)
@example(story=ZEROS, order=[0, 1], vacuum=False)
@given(story=HISTORIES, order=st.permutations([0, 1]), vacuum=st.booleans())
def test_two_stores_converge(
    story: list[tuple[int, int, tuple[Any, ...]]], order: list[int], vacuum: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        teller = Teller(Path(folder))
        for step in story:
            teller.tell(*step)
        teller.close()
        stores = teller.stores
        for store in stores:
            store.merge()
        present = [store for store in stores if store.path.exists()]
        if len(present) < 2:
            return
        before = union_of(stores)
        first, second = (stores[i] for i in order)
        merge_store(first.access, second.access)
        if vacuum:
            vacuum_store(first.access)
        merge_store(second.access, first.access)
        one, two = content(first), content(second)
        # Who has which session is said by the spool of each store alone.
        assert shown(one, but=("sessions",)) == shown(two, but=("sessions",))
        assert union_of([first]) == before, "nothing that one of them had is lost"
        for target, source in ((first, second), (second, first), (first, second)):
            found = merge_store(target.access, source.access)
            assert (found.new, found.updated, found.points) == (0, 0, 0)
        assert content(first) == one
        assert content(second) == two

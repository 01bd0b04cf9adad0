"""A store whose checkpoint was killed in the midst of a write, at every page of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder
from store_damage import BLOCK, HEADERS, fill, flip
from upkeep_contents import content

from celltrail.errors import StoreDamagedError
from celltrail.store import merge, open_store
from celltrail.store import torn as torn_module
from celltrail.store.doctor import examine
from celltrail.store.instance import process_wide
from celltrail.store.layout import Layout, wal_of
from celltrail.store.notices import take_deferred
from celltrail.store.torn import opening_fault
from celltrail.store.upkeep import export_bundle, export_folder, vacuum_store

#: A kernel writes a page whole: a kill can end a write between two of them.
PAGE = 4096


@dataclass(frozen=True)
class Checkpoint:
    """A store as it was between the last commit and the checkpoint, and behind it."""

    before: Path
    after: Path

    def ends(self) -> list[int]:
        """Give where the write of the first block can have ended, and be half done.

        The parts of that block which the first checkpoint left free are filled by the next;
        the headers, which say what is in use, come last.
        """
        old, new = self.before.read_bytes(), self.after.read_bytes()
        pages = range(HEADERS, HEADERS + BLOCK, PAGE)
        return [at for at in pages if old[at : at + PAGE] != new[at : at + PAGE]][1:]

    def tear(self, path: Path, end: int) -> None:
        """Put a store there whose write of the first block ended before a certain byte."""
        old, new = self.before.read_bytes(), self.after.read_bytes()
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(old[:HEADERS] + new[HEADERS:end] + old[end:])
        shutil.copy2(wal_of(self.before), wal_of(path))
        shutil.rmtree(Layout(path).spool, ignore_errors=True)
        shutil.copytree(Layout(self.before).spool, Layout(path).spool)
        shutil.copytree(Layout(self.before).files, Layout(path).files, dirs_exist_ok=True)


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """Copy a store at the moment behind its last commit, and let the merge go on."""
    path, before = tmp_path / "after" / "s.duckdb", tmp_path / "before" / "s.duckdb"
    path.parent.mkdir()
    fill(path)
    recorder = Recorder(path)
    run = recorder.run("late")
    for step in range(300):
        recorder.log(run, step, x=step)
    recorder.end(run)
    recorder.close()
    finish = merge._finish

    def and_copy(*given: object) -> bool:
        scattered = finish(*given)  # type: ignore[arg-type]
        shutil.copytree(path.parent, before.parent)
        return scattered

    with monkeypatch.context() as patched:
        patched.setattr(merge, "_finish", and_copy)
        assert open_store(path).merge()
    return Checkpoint(before, path)


@pytest.fixture
def torn(checkpoint: Checkpoint, tmp_path: Path) -> Path:
    """A store that a kill left in the middle of the block."""
    path = tmp_path / "torn" / "s.duckdb"
    ends = checkpoint.ends()
    checkpoint.tear(path, ends[len(ends) // 2])
    return path


def backups(path: Path) -> list[Path]:
    return [found for found in path.parent.glob("*.backup-*") if found.suffix != ".wal"]


def test_a_kill_at_any_page_of_a_checkpoint_loses_nothing(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    path = tmp_path / "torn" / "s.duckdb"
    ends = checkpoint.ends()
    assert len(ends) >= 5, "the checkpoint adds to a block that is in use"
    whole = content(open_store(checkpoint.after))
    for end in ends:
        checkpoint.tear(path, end)
        torn = path.read_bytes()
        with process_wide(10):
            assert opening_fault(path) is not None
        store = open_store(path)
        assert store.merge()
        assert content(store) == whole
        assert [f"{path} was half written" in said for said in take_deferred()] == [True]
        (backup,) = backups(path)
        assert backup.read_bytes() == torn
        assert wal_of(backup).read_bytes() == wal_of(checkpoint.before).read_bytes()
        backup.unlink()
        wal_of(backup).unlink()
        assert examine(path) == []
        with duckdb.connect(path, read_only=True) as con:
            assert con.execute("SELECT count(*) FROM metrics").fetchall() != [(0,)]


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.run_rows(),
        lambda store: store.sql("SELECT count(*) FROM runs"),
        lambda store: vacuum_store(store.access),
        lambda store: export_folder(store.access, store.path.parent / "folder"),
        lambda store: export_bundle(store.access, store.path.parent / "bundle.zip"),
    ],
    ids=["read", "sql", "vacuum", "parquet", "bundle"],
)
def test_whatever_comes_first_opens_the_store_again(torn: Path, use: object) -> None:
    shutil.rmtree(Layout(torn).spool)  # as after a change that is not logged, such as a tag
    use(open_store(torn))  # type: ignore[operator]
    assert len(open_store(torn).run_rows()) == 3
    assert len(backups(torn)) == 1
    assert len(take_deferred()) == 1
    assert not wal_of(torn).exists()


def test_the_doctor_only_looks_until_it_is_told_to_repair(torn: Path) -> None:
    before = torn.read_bytes()
    assert any("checksum" in str(finding) for finding in examine(torn))
    assert torn.read_bytes() == before
    assert backups(torn) == []


def test_a_wrong_checksum_that_no_kill_left_is_the_doctor_s(checkpoint: Checkpoint) -> None:
    path = checkpoint.after
    assert not wal_of(path).exists()
    flip(path, HEADERS, 8)
    before = path.read_bytes()
    with pytest.raises(StoreDamagedError, match="checksum"):
        open_store(path).run_rows()
    assert path.read_bytes() == before
    assert backups(path) == []


def test_what_does_not_open_even_so_is_left_as_it_was(torn: Path) -> None:
    flip(torn, HEADERS + 8, BLOCK - 8)
    before = torn.read_bytes()
    with pytest.raises(StoreDamagedError):
        open_store(torn).run_rows()
    assert torn.read_bytes() == before
    assert backups(torn) == []
    assert take_deferred() == []


def test_what_cannot_be_read_afterwards_is_left_as_it_was(
    torn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("celltrail.store.torn._can_be_read", lambda path: False)
    before = torn.read_bytes()
    with pytest.raises(StoreDamagedError):
        open_store(torn).run_rows()
    assert torn.read_bytes() == before
    assert backups(torn) == []


def test_without_room_for_a_copy_nothing_is_changed(
    torn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", full)
    before = torn.read_bytes()
    with pytest.raises(StoreDamagedError):
        open_store(torn).run_rows()
    assert torn.read_bytes() == before


@pytest.mark.parametrize("where", ["opening_fault", "_can_be_read", "back_up"])
def test_an_interrupt_while_it_is_mended_leaves_it_as_it_was(
    torn: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    real = torn_module.opening_fault
    calls: list[object] = []

    def interrupted(*given: object) -> object:
        calls.append(given)
        if where == "opening_fault" and len(calls) < 2:
            return real(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    before = torn.read_bytes()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(torn_module, where, interrupted)
        open_store(torn).merge()
    assert torn.read_bytes() == before
    assert backups(torn) == []
    assert open_store(torn).merge()
    assert len(backups(torn)) == 1


def test_what_cannot_be_mended_is_tried_once(torn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Path] = []
    monkeypatch.setattr(torn_module, "_can_be_read", lambda path: bool(tried.append(path)))
    store = open_store(torn)
    for _ in range(3):
        for use in (store.run_rows, store.merge, store.fingerprint):
            with pytest.raises(StoreDamagedError):
                use()
    assert tried == [torn]
    monkeypatch.undo()
    shutil.copy2(torn, torn.with_name("as it was"))
    torn.with_name("as it was").replace(torn)  # another file, for all that is known
    assert store.merge()

"""Whose folders in the spool are let be, and whose are removed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from spool_recorder import Recorder

from celltrail.store import open_store
from celltrail.store.layout import NEW_PREFIX, OWNER_NAME, Layout
from celltrail.store.spool import Spool
from celltrail.store.system import boot_id

YEAR = 365 * 86400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


def age(folder: Path, seconds: float = YEAR) -> None:
    """Make a folder and all in it look as if nobody had written there for so long."""
    then = time.time() - seconds
    for entry in (*folder.iterdir(), folder):
        os.utime(entry, (then, then))


def steps(path: Path, run: str) -> list[int]:
    return open_store(path).history([run], "loss").step.tolist()


@pytest.mark.parametrize("seconds", [0, YEAR])
def test_a_folder_that_a_writer_is_making_is_removed_only_when_it_is_old(
    path: Path, seconds: float
) -> None:
    new = Layout(path).spool / f"{NEW_PREFIX}x"
    new.mkdir(parents=True)
    (new / OWNER_NAME).write_text("{}")
    age(new, seconds)
    Spool(Layout(path)).remove_if_empty()
    assert (new / OWNER_NAME).exists() == (seconds == 0)


def test_a_living_writer_whose_folder_lost_its_owner_loses_nothing_and_gets_it_again(
    path: Path,
) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    owner = recorder.writer.folder / OWNER_NAME
    owner.unlink()
    store = open_store(path)
    for step in range(20):
        recorder.log(run, step, loss=1.0)
        store.merge()
    assert recorder.writer.folder.exists()
    recorder.writer._next_check = 0
    recorder.log(run, 20, loss=1.0)
    assert owner.exists()
    assert steps(path, run) == list(range(21))
    assert [row.status for row in store.run_rows()] == ["running"]


def test_a_folder_that_was_half_removed_goes(path: Path) -> None:
    recorder = Recorder(path)
    recorder.run("r")
    for entry in recorder.writer.folder.iterdir():
        entry.unlink()
    open_store(path).merge()
    assert not recorder.writer.folder.exists()


def test_a_folder_that_was_emptied_between_two_segments_is_made_again(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    recorder.writer._rotate()
    for step in range(3):
        recorder.log(run, step, loss=1.0)
    recorder.writer._at.close()
    for entry in recorder.writer.folder.iterdir():
        entry.unlink()
    recorder.writer.folder.rmdir()
    with pytest.warns(match="cannot write to"):
        recorder.log(run, 3, loss=1.0)
    recorder.writer._next_check = 0
    recorder.log(run, 4, loss=1.0)
    assert recorder.writer._at.waiting == 0
    assert recorder.writer.folder.exists()


@pytest.mark.parametrize(
    ("boot", "stays"),
    [
        ("of-another-boot/1", False),
        (f"{boot_id().partition('/')[0]}/1", True),
    ],
    ids=["before the last boot", "another container"],
)
def test_of_silent_writers_only_those_of_an_earlier_boot_are_gone(
    path: Path, boot: str, stays: bool
) -> None:
    if not boot_id():
        pytest.skip("this system does not say in which life of the machine it is")
    recorder = Recorder(path)
    run = recorder.run("r")
    recorder.log(run, 0, loss=1.0)
    owner = recorder.writer.folder / OWNER_NAME
    owner.write_text(json.dumps({**json.loads(owner.read_bytes()), "boot": boot}))
    age(recorder.writer.folder)
    assert steps(path, run) == [0]
    assert recorder.writer.folder.exists() == stays
    assert [row.status for row in open_store(path).run_rows()] == ["running" if stays else "lost"]

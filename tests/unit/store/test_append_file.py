from __future__ import annotations

import os
from pathlib import Path

import pytest

from celltrail.store.points import RECORD_SIZE
from celltrail.store.segment import AppendFile


def records(*letters: bytes) -> bytes:
    return b"".join(letter * RECORD_SIZE for letter in letters)


@pytest.fixture
def short_write(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each of the next writes accepts; then all again."""
    sizes: list[int] = []
    real = os.write

    def write(fd: int, data: bytes) -> int:
        return real(fd, data[: sizes.pop(0)] if sizes else data)

    monkeypatch.setattr(os, "write", write)
    return sizes


def test_nothing_is_on_disk_before_the_first_write(tmp_path: Path) -> None:
    AppendFile.points(tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_a_short_write_leaves_whole_records_and_the_rest_follows_in_order(
    tmp_path: Path, short_write: list[int]
) -> None:
    file = AppendFile.points(tmp_path / "p")
    file.write(records(b"a"))
    short_write.append(RECORD_SIZE + 7)
    with pytest.raises(OSError, match="only 39 of 96 bytes"):
        file.write(records(b"b", b"c", b"d"))
    assert file.path.read_bytes() == records(b"a", b"b")
    file.write(records(b"e"))
    assert file.path.read_bytes() == records(b"a", b"b", b"c", b"d", b"e")
    assert file.kept == b""


def test_a_short_write_of_lines_leaves_whole_lines(tmp_path: Path, short_write: list[int]) -> None:
    file = AppendFile(tmp_path / "e")
    file.write(b"first\n")
    short_write.append(9)
    with pytest.raises(OSError, match="only 9 of"):
        file.write(b"second\nthird\n")
    assert file.path.read_bytes() == b"first\nsecond\n"
    file.flush()
    assert file.path.read_bytes() == b"first\nsecond\nthird\n"


def test_a_write_that_fails_again_and_again_keeps_everything_once(
    tmp_path: Path, short_write: list[int]
) -> None:
    file = AppendFile.points(tmp_path / "p")
    file.write(records(b"a"))
    for letter in (b"b", b"c", b"d"):
        short_write.append(5)
        with pytest.raises(OSError, match="only 5 of"):
            file.write(records(letter))
    file.flush()
    assert file.path.read_bytes() == records(b"a", b"b", b"c", b"d")


def test_what_cannot_be_written_is_kept_and_counted(tmp_path: Path) -> None:
    points = AppendFile.points(tmp_path / "missing" / "p")
    events = AppendFile(tmp_path / "missing" / "e")
    for letter in (b"a", b"b"):
        with pytest.raises(FileNotFoundError):
            points.write(records(letter))
    with pytest.raises(FileNotFoundError):
        events.write(b"first\nsecond\n")
    assert (points.records, events.records) == (2, 2)
    (tmp_path / "missing").mkdir()
    points.flush()
    assert points.path.read_bytes() == records(b"a", b"b")


def test_a_file_that_was_removed_is_noticed(tmp_path: Path) -> None:
    file = AppendFile.points(tmp_path / "p")
    assert file.is_there()
    file.write(records(b"a"))
    assert file.is_there()
    file.path.unlink()
    assert not file.is_there()
    file.path.touch()
    assert not file.is_there(), "another file of the same name is not the same file"
    file.close()


def test_a_file_that_was_cut_is_noticed(tmp_path: Path) -> None:
    file = AppendFile.points(tmp_path / "p")
    file.write(records(b"a", b"b"))
    assert file.is_there()
    os.truncate(file.path, RECORD_SIZE)
    assert not file.is_there()
    file.close()

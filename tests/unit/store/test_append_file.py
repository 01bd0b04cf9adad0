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


class Interrupt(BaseException):
    """What Ctrl+C raises, wherever the program is."""


@pytest.mark.parametrize("accepted", [0, 7, RECORD_SIZE, RECORD_SIZE + 7, 2 * RECORD_SIZE])
@pytest.mark.parametrize("kept", [False, True], ids=["at once", "from memory"])
def test_an_interrupt_behind_a_write_leaves_the_records_to_come_in_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accepted: int, kept: bool
) -> None:
    file = AppendFile.points(tmp_path / "p")
    file.write(records(b"a"))
    real = os.write

    def write(fd: int, data: bytes) -> int:
        real(fd, data[:accepted])
        raise Interrupt

    if kept:
        file.kept += records(b"b", b"c")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(Interrupt):
            file.flush() if kept else file.write(records(b"b", b"c"))
    file.write(records(b"d"))
    written = (b"b", b"c")[: 2 if kept else accepted // RECORD_SIZE]
    assert file.path.read_bytes() == records(b"a", *written, b"d")
    assert file.kept == b""


def test_an_interrupt_behind_a_write_of_lines_leaves_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AppendFile(tmp_path / "e")
    file.write(b"first\n")
    real = os.write

    def write(fd: int, data: bytes) -> int:
        real(fd, data[:9])
        raise Interrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(Interrupt):
            file.write(b"second\nthird\n")
    file.write(b"fourth\n")
    assert file.path.read_bytes() == b"first\nsecond\nfourth\n"


@pytest.mark.parametrize("accepted", [7, RECORD_SIZE + 7, 2 * RECORD_SIZE])
def test_a_signal_handler_that_writes_behind_half_a_write_loses_and_tears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accepted: int
) -> None:
    file = AppendFile.points(tmp_path / "p")
    file.write(records(b"a"))
    real = os.write
    inside: list[int] = []

    def write(fd: int, data: bytes) -> int:
        if inside:
            return real(fd, data)
        inside.append(1)
        written = real(fd, data[:accepted])
        file.write(records(b"h"))  # as a handler does that runs when the call returns
        return written

    monkeypatch.setattr(os, "write", write)
    if accepted < 2 * RECORD_SIZE:
        with pytest.raises(OSError, match="only"):
            file.write(records(b"b", b"c"))
        file.flush()
    else:
        file.write(records(b"b", b"c"))
    content = file.path.read_bytes()
    assert sorted(content[i : i + RECORD_SIZE] for i in range(0, len(content), RECORD_SIZE)) == [
        records(letter) for letter in (b"a", b"b", b"c", b"h")
    ]

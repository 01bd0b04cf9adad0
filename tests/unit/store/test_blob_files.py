"""Contents of artifacts under their address: written once, streamed, checked, tidied."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import tracemalloc
from pathlib import Path

import pytest
from spool_recorder import Recorder

from celltrail.errors import ArtifactLostError, CelltrailWarning
from celltrail.store import blobs
from celltrail.store.blobs import (
    INLINE_LIMIT,
    find_leftovers,
    is_address,
    large_blobs,
    open_blob,
    put_blob,
    remove_leftovers,
)
from celltrail.store.layout import Layout

SESSION = "s" * 26


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "s.duckdb")


def nothing_inline() -> None:
    return None


def read(layout: Layout, sha256: str) -> bytes:
    """Read content that may not be merged yet."""

    def inline() -> bytes | None:
        path = layout.blob(SESSION, sha256)
        return path.read_bytes() if path.exists() else None

    with open_blob(layout, sha256, inline) as stream:
        return stream.read()


@pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT - 1, INLINE_LIMIT, INLINE_LIMIT + 1])
@pytest.mark.parametrize("form", ["bytes", "file", "stream"])
def test_content_around_the_limit_comes_back(
    layout: Layout, tmp_path: Path, size: int, form: str
) -> None:
    data = os.urandom(size)
    source: bytes | Path | io.BytesIO = data
    if form == "file":
        source = tmp_path / "source"
        source.write_bytes(data)
    elif form == "stream":
        source = io.BytesIO(data)
    sha256, stored = put_blob(layout, SESSION, source)
    assert (sha256, stored) == (hashlib.sha256(data).hexdigest(), size)
    assert layout.file(sha256).exists() == (size > INLINE_LIMIT)
    assert layout.blob(SESSION, sha256).exists() == (size <= INLINE_LIMIT)
    assert read(layout, sha256) == data


class Trickle(io.RawIOBase):
    """A source that gives little at a time, and so much only as it is asked for."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        count = min(self.left, 64 << 10, size if size >= 0 else self.left)
        self.left -= count
        return b"x" * count


def test_a_large_stream_is_never_in_memory_as_a_whole(layout: Layout) -> None:
    size = 64 << 20
    tracemalloc.start()
    try:
        sha256, stored = put_blob(layout, SESSION, Trickle(size))  # type: ignore[arg-type]
        with open_blob(layout, sha256, nothing_inline) as stream:
            count = sum(len(chunk) for chunk in iter(lambda: stream.read(1 << 20), b""))
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()
    assert stored == count == size


def test_the_same_large_content_is_one_file(layout: Layout, tmp_path: Path) -> None:
    data = os.urandom(INLINE_LIMIT * 2)
    (tmp_path / "a").write_bytes(data)
    for source in (data, tmp_path / "a", io.BytesIO(data)):
        put_blob(layout, SESSION, source)
    assert [sha256 for sha256, _ in large_blobs(layout)] == [hashlib.sha256(data).hexdigest()]
    assert [p.name for p in layout.files.iterdir() if p.is_file()] == []


@pytest.mark.parametrize("place", [0, INLINE_LIMIT, 3 * INLINE_LIMIT - 1])
def test_one_flipped_bit_is_found_before_the_last_part_is_given(layout: Layout, place: int) -> None:
    data = os.urandom(3 * INLINE_LIMIT)
    sha256, _ = put_blob(layout, SESSION, data)
    damaged = bytearray(data)
    damaged[place] ^= 1
    layout.file(sha256).write_bytes(damaged)
    got = b""
    with open_blob(layout, sha256, nothing_inline) as stream:
        with pytest.raises(ArtifactLostError, match=r"damaged in .* log the same content again"):
            while chunk := stream.read(1000):
                got += chunk
        assert len(got) <= 2 * INLINE_LIMIT
        with pytest.raises(ArtifactLostError):
            stream.read(1)


@pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT, INLINE_LIMIT * 2 + 1, INLINE_LIMIT * 4])
def test_truncated_or_longer_content_is_found(layout: Layout, size: int) -> None:
    sha256, _ = put_blob(layout, SESSION, bytes(3 * INLINE_LIMIT))
    layout.file(sha256).write_bytes(bytes(size))
    with pytest.raises(ArtifactLostError, match="damaged"):
        read(layout, sha256)


@pytest.mark.parametrize("form", ["bytes", "stream"])
def test_logging_the_same_content_again_heals_what_was_cut_off(layout: Layout, form: str) -> None:
    data = os.urandom(2 * INLINE_LIMIT)
    sha256, _ = put_blob(layout, SESSION, data)
    layout.file(sha256).write_bytes(data[:100])
    put_blob(layout, SESSION, data if form == "bytes" else io.BytesIO(data))
    assert read(layout, sha256) == data


def test_missing_content_is_said(layout: Layout) -> None:
    with pytest.raises(ArtifactLostError, match=r"missing in .*s\.duckdb and there is no .*files"):
        open_blob(layout, "0" * 64, nothing_inline)


@pytest.mark.parametrize(
    "address", ["", "../../../../etc/passwd", "/etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"]
)
def test_what_is_no_address_never_becomes_a_path(layout: Layout, address: str) -> None:
    assert not is_address(address)
    with pytest.raises(ArtifactLostError, match="missing"):
        open_blob(layout, address, lambda: pytest.fail("asked for no address"))


def test_a_file_that_grows_while_it_is_copied_is_stored_as_of_one_moment(
    layout: Layout, tmp_path: Path
) -> None:
    """It is tried again; what is stored is always what its address says."""
    growing = tmp_path / "growing.log"
    growing.write_bytes(b"0" * (8 << 20))
    began, stop = threading.Event(), threading.Event()

    def write() -> None:
        with growing.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"1" * (64 << 10))
                began.set()

    writer = threading.Thread(target=write)
    writer.start()
    began.wait()
    try:
        with pytest.warns(CelltrailWarning, match="was written to while it was copied"):
            sha256, size = put_blob(layout, SESSION, growing)
    finally:
        stop.set()
        writer.join()
    stored = read(layout, sha256)
    assert len(stored) == size
    assert growing.read_bytes().startswith(stored)


def test_a_source_that_fails_leaves_nothing(layout: Layout) -> None:
    class Broken(Trickle):
        def read(self, size: int = -1) -> bytes:
            if self.left < 1 << 20:
                message = "the disk is gone"
                raise OSError(message)
            return super().read(size)

    with pytest.raises(OSError, match="the disk is gone"):
        put_blob(layout, SESSION, Broken(8 << 20))  # type: ignore[arg-type]
    assert list(layout.files.iterdir()) == []


def test_what_a_killed_copy_left_is_found_when_it_is_old_and_nobody_holds_it(
    layout: Layout,
) -> None:
    put_blob(layout, SESSION, bytes(2 * INLINE_LIMIT))
    dead = layout.files / f".{'0' * 26}.part"
    dead.write_bytes(b"x" * 100)
    (layout.files / ".nfs0000").write_bytes(b"somebody else's")
    assert find_leftovers(layout) == []
    os.utime(dead, (0, 0))
    assert find_leftovers(layout) == [dead]
    with dead.open("r+b") as file:
        blobs._hold(file)
        assert find_leftovers(layout) == []
    assert remove_leftovers(layout) == 100
    assert not dead.exists()
    assert (layout.files / ".nfs0000").exists()
    assert len(list(large_blobs(layout))) == 1


def test_a_copy_that_is_under_way_is_no_leftover(layout: Layout) -> None:
    found: list[Path] = []

    class Looking(Trickle):
        def read(self, size: int = -1) -> bytes:
            found.extend(find_leftovers(layout, older_than=-60))
            return super().read(size)

    put_blob(layout, SESSION, Looking(4 << 20))  # type: ignore[arg-type]
    assert found == []


def test_without_large_artifacts_there_is_nothing_to_tidy(layout: Layout) -> None:
    assert find_leftovers(layout) == list(large_blobs(layout)) == []
    assert remove_leftovers(layout) == 0


def test_a_stream_goes_through_the_writer(layout: Layout) -> None:
    recorder = Recorder(layout.store)
    sha256, size = recorder.writer.add_blob(io.BytesIO(b"streamed"))
    assert size == 8
    assert layout.blob(recorder.session, sha256).read_bytes() == b"streamed"

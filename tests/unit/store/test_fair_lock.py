from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from celltrail.store import lock as lock_module
from celltrail.store.lock import FairLock, LockTimeoutError


def test_readers_share_and_keep_a_writer_out(tmp_path: Path) -> None:
    lock = FairLock(tmp_path)
    with lock.shared(0), lock.shared(0), pytest.raises(LockTimeoutError), lock.exclusive(0):
        pass
    with lock.exclusive(0):
        pass


def test_a_writer_keeps_everybody_out(tmp_path: Path) -> None:
    lock = FairLock(tmp_path)
    with lock.exclusive(0):
        with pytest.raises(LockTimeoutError), lock.shared(0.01):
            pass
        with pytest.raises(LockTimeoutError), lock.exclusive(0):
            pass
    with lock.shared(0):
        pass


def test_a_waiting_writer_goes_before_new_readers(tmp_path: Path) -> None:
    lock = FairLock(tmp_path)
    got = threading.Event()

    def write() -> None:
        with lock.exclusive(60):
            got.set()

    writer = threading.Thread(target=write)
    with lock.shared(0):
        writer.start()
        deadline = threading.Event()
        while not deadline.wait(0.001):
            try:
                with lock.shared(0):
                    pass
            except LockTimeoutError:
                break  # the writer stands at the turnstile: nobody passes it any more
        assert not got.is_set()
    writer.join(60)
    assert got.is_set()


def test_files_that_are_in_use_are_not_removed(tmp_path: Path) -> None:
    lock = FairLock(tmp_path)
    with lock.shared(0):
        assert not lock.remove()
    assert lock.remove()
    assert list(tmp_path.iterdir()) == []


def test_who_waited_for_a_removed_file_takes_the_new_one(tmp_path: Path) -> None:
    """Two holders of one lock, one of the removed and one of the new file, cannot be."""
    folder = tmp_path / "spool"
    lock = FairLock(folder)
    inside = 0
    most = 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with lock.exclusive(60):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1
            lock.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert most == 1


def test_where_open_files_cannot_be_removed_they_are_closed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        for fd in Path("/proc/self/fd").iterdir():
            if fd.is_symlink() and fd.exists() and path.exists() and fd.samefile(path):
                raise PermissionError(path)
        real(path, missing_ok)

    lock = FairLock(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(lock_module, "UNLINKS_OPEN_FILES", False)
        if Path("/proc/self/fd").exists():
            patch.setattr(Path, "unlink", unlink)
        with lock.shared(0):
            assert not lock.remove()
        assert lock.remove()
    assert list(tmp_path.iterdir()) == []


def test_waiting_draws_none_of_the_users_random_numbers(tmp_path: Path) -> None:
    lock, other = FairLock(tmp_path), FairLock(tmp_path)
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with other.exclusive(10.0):
            held.set()
            over.wait(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10.0)
    state = random.getstate()
    with lock.shared(10.0):
        assert random.getstate() == state
    over.set()
    thread.join()

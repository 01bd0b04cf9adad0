"""Have git asked by a shell beside this process, which is no child of it.

A cell may wait for any child (``os.wait``), handle ``SIGCHLD`` or list its children: git, started
by this process while the cell runs, would be among them. So a shell is started once, before a
cell, by another that ends at once: what is left belongs to nobody here, and runs git for as long
as the pipe to it is open.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["ask_beside", "can_ask_beside", "is_ready", "start_asker"]

# `eval` stands in a list that reads from another place: git is not to read the next question.
_LOOP = (
    'while IFS= read -r line; do eval "$line" </dev/null 2>/dev/null; '
    "printf '\\000%d\\n' \"$?\"; done"
)
_LONGEST = 60_000
_TIMEOUT = 5.0
#: Bytes of an answer that are kept.
_MOST = 4 << 20


@dataclass(frozen=True, slots=True)
class _Asker:
    """The ends of the two pipes, and whose they are: a forked child has them too."""

    pid: int
    questions: int
    answers: int


_asker: _Asker | None = None
_lock = threading.Lock()


def can_ask_beside() -> bool:
    """Say whether this system has what it takes; elsewhere nobody can wait for any child."""
    return hasattr(os, "posix_spawn") and hasattr(select, "poll")


def is_ready() -> bool:
    """Say whether `start_asker` has started a shell for this process."""
    return _asker is not None and _asker.pid == os.getpid()


def start_asker() -> None:
    """Start the shell, if there is none; takes a millisecond or two.

    Notes
    -----
    To be called where no code of the user's runs in this thread. Where a handler of
    ``SIGCHLD`` is set it would be called, so then nothing is started.
    """
    global _asker
    if is_ready() or not can_ask_beside() or signal.getsignal(signal.SIGCHLD) != signal.SIG_DFL:
        return
    with _lock, contextlib.suppress(OSError):  # no shell, or no files left to open
        _asker = _started()


def _started() -> _Asker | None:
    theirs, questions = os.pipe()
    answers, told = os.pipe()
    try:
        pid = os.posix_spawn(
            "/bin/sh",
            # a list in the background reads from nothing unless it is told to read
            ["sh", "-c", f"{{ {_LOOP}; }} <&3 &"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, told, 1),
                (os.POSIX_SPAWN_DUP2, theirs, 3),
            ],
            setpgroup=0,  # an interrupt of the kernel is not for it
        )
        os.waitpid(pid, 0)
    except OSError:
        os.close(questions)
        os.close(answers)
        raise
    finally:
        os.close(theirs)
        os.close(told)
    return _Asker(os.getpid(), questions, answers)


def ask_beside(folder: Path, words: Sequence[str]) -> tuple[int, str] | None:
    r"""Have a program run in a folder, and give its exit status and what it says.

    Parameters
    ----------
    folder
        Where it runs.
    words
        The program and its arguments.

    Returns
    -------
    (int, str) or None
        Of an answer the first 4 MiB. None where there is no shell, or no answer in time.

    Examples
    --------
    >>> from pathlib import Path
    >>> start_asker()
    >>> ask_beside(Path.cwd(), ["echo", "it's me"]) if is_ready() else (0, "it's me\n")
    (0, "it's me\n")
    """
    global _asker
    # the shell has the environment of its start; what git is found and steered by may be new
    steering = [k for k in os.environ if k == "PATH" or (k.startswith("GIT_") and k.isidentifier())]
    exports = "".join(f"export {k}={shlex.quote(os.environ.get(k, ''))}; " for k in steering)
    line = f"( {exports}cd {shlex.quote(str(folder))} && {shlex.join(words)} )"
    if "\n" in line or len(line) > _LONGEST:
        return None
    with _lock:
        asker = _asker
        if asker is None or asker.pid != os.getpid():
            return None
        try:
            os.write(asker.questions, f"{line}\n".encode("utf-8", "surrogateescape"))
            return _answer(asker.answers)
        except OSError:  # it is gone, or did not answer: what it says later is for nobody
            _asker = None
            for end in (asker.questions, asker.answers):
                with contextlib.suppress(OSError):
                    os.close(end)
            return None


def _answer(answers: int) -> tuple[int, str]:
    """Read until the line that says how it ended, which begins with a NUL."""
    deadline = time.monotonic() + _TIMEOUT
    waiting = select.poll()
    waiting.register(answers, select.POLLIN)
    kept, tail = bytearray(), b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not waiting.poll(left * 1_000):
            raise TimeoutError
        chunk = os.read(answers, 65_536)
        if not chunk:
            raise BrokenPipeError
        kept += chunk[: max(0, _MOST - len(kept))]
        tail = (tail + chunk)[-8:]
        _, found, status = tail.rpartition(b"\0")
        if found and status.endswith(b"\n"):
            end = len(found) + len(status)
            whole = bytes(kept[:-end] if kept.endswith(found + status) else kept)
            return int(status), whole.decode("utf-8", "replace")

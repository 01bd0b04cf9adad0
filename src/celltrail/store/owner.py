"""Whose a spool folder is, and whether that process still lives."""

from __future__ import annotations

import json
import os
import shutil
import socket
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from celltrail.store.layout import NEW_PREFIX, OWNER_NAME
from celltrail.store.system import boot_id, process_started

if TYPE_CHECKING:
    from celltrail.store.layout import Layout

__all__ = ["Life", "SessionOwner", "make_folder"]

#: Two readings of one process's start time differ by rounding, not by more: Linux counts in
#: hundredths, others more finely, and a number may be used again within a moment.
_SAME_START = 0.005


class Life(Enum):
    """What is known of a process."""

    ALIVE = "alive"
    DEAD = "dead"
    #: It is, or may be, on another machine: only its silence says anything.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """One life of one process, which no later process with the same number is taken for.

    Parameters
    ----------
    id
        The session's id.
    host
        The machine's name.
    pid
        The process's number there.
    process_started
        When the process was started, as `process_started` tells it.
    boot
        In which life of the machine, and which container of it, the number counts.
    """

    id: str
    host: str
    pid: int
    process_started: float
    boot: str = ""

    @classmethod
    def current(cls, session_id: str) -> SessionOwner:
        """Describe this process as the owner of a session."""
        pid = os.getpid()
        return cls(session_id, socket.gethostname(), pid, process_started(pid) or 0.0, boot_id())

    @classmethod
    def from_json(cls, text: str | bytes) -> SessionOwner:
        """Read what `to_json` wrote; ValueError when it is something else."""
        data: Any = json.loads(text)
        try:
            return cls(
                str(data["id"]),
                str(data["host"]),
                int(data["pid"]),
                float(data["process_started"]),
                str(data["boot"]),
            )
        except (KeyError, TypeError) as error:
            message = f"not an owner: {text!r}"
            raise ValueError(message) from error

    def to_json(self) -> str:
        """Write the owner down."""
        return json.dumps(asdict(self))

    @property
    def place(self) -> str:
        """What it is called in messages."""
        return f"process {self.pid} on {self.host}"

    def is_of_this_host(self) -> bool:
        """Say whether the process ran on this machine, in whatever life of it."""
        return self.host == socket.gethostname()

    def is_of_an_earlier_boot(self) -> bool:
        """Say whether this machine was started anew since, so that the process cannot live.

        Another container of the same life of the machine is none: it goes on beside us.
        """
        theirs, ours = (boot.partition("/")[0] for boot in (self.boot, boot_id()))
        return self.is_of_this_host() and bool(theirs and ours) and theirs != ours

    def is_this_process(self) -> bool:
        """Say whether it is the process that asks."""
        # Whatever the machine is called by now: its name can change under a process.
        if self.pid != os.getpid() or self.boot != boot_id():
            return False
        return abs((process_started(self.pid) or 0.0) - self.process_started) < _SAME_START

    def life(self) -> Life:
        """Say whether the process still lives.

        Returns
        -------
        Life
            ``UNKNOWN`` for another host, another boot or another container: their process
            numbers mean nothing here.
        """
        if self.is_this_process():
            return Life.ALIVE
        if not self.is_of_this_host() or self.boot != boot_id():
            return Life.UNKNOWN
        started = process_started(self.pid)
        if started is None:
            return Life.DEAD
        if started == 0.0 or abs(started - self.process_started) < _SAME_START:
            return Life.ALIVE
        return Life.DEAD


def make_folder(layout: Layout, session_id: str) -> None:
    """Make a session's folder with its owner in it, all at once.

    A folder that is there and has lost its owner gets it again.

    Parameters
    ----------
    layout
        The store's paths.
    session_id
        A session of this process.

    Raises
    ------
    OSError
        When it cannot be made; it is no error that it is there.
    """
    folder = layout.writer(session_id)
    new = layout.spool / (NEW_PREFIX + session_id)
    new.mkdir(parents=True, exist_ok=True)
    (new / OWNER_NAME).write_text(SessionOwner.current(session_id).to_json(), "utf-8")
    try:
        new.rename(folder)
    except OSError:
        if folder.is_dir() and not (folder / OWNER_NAME).exists():
            (new / OWNER_NAME).rename(folder / OWNER_NAME)
        shutil.rmtree(new, ignore_errors=True)
        if not folder.is_dir():
            raise

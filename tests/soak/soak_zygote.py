"""Starts writers quickly: it has imported everything, and forks.

``python soak_zygote.py FOLDER``. On stdin ``fork LABEL SEED`` or, for a process that starts
from nothing, ``exec LABEL SEED``; on stdout ``began PID LABEL`` and ``ended PID STATUS``. A
forked writer leaves through the end of this script, so that its exit is an ordinary one.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import soak_writer

HERE = Path(__file__).resolve().parent
LOADED = (duckdb, np, pd)


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def reap() -> None:
    """Say which children have ended; those that were killed are gone only with this."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def serve(folder: Path) -> tuple[str, int] | None:
    """Fork as asked; gives what to be in the child, and None when stdin has ended."""
    waiting = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.002)
        reap()
        if not ready:
            continue
        data = os.read(0, 65536)
        if not data:
            return None
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            kind, label, seed = line.decode().split("\t")
            pid = os.fork()
            if pid:
                say(f"began {pid} {label}")
            else:
                os.setsid()  # as kernels have: the system shares the cores among sessions
                quiet = os.open(os.devnull, os.O_RDWR)
                os.dup2(quiet, 0)
                os.dup2(quiet, 1)
                if kind == "exec":
                    script = str(HERE / "soak_writer.py")
                    os.execv(sys.executable, [sys.executable, script, str(folder), label, seed])
                return label, int(seed)


if __name__ == "__main__":
    chosen = serve(Path(sys.argv[1]))
    if chosen is not None:
        soak_writer.main(Path(sys.argv[1]), *chosen)

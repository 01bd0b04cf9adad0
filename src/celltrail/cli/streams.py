"""The standard streams: that there are some, that they take any text, and that they may end."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

__all__ = ["complain", "prepare_streams", "silence"]


def prepare_streams() -> None:
    """Open those that are closed, and let none of them fail at a character it cannot show.

    A file that is opened while a standard stream is closed takes its number, so that what is
    written to the stream would go into the file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            nothing = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115  # for ever
            setattr(sys, name, nothing)
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def complain(text: str) -> None:
    """Write a line to standard error, if that can be."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)
    except (AttributeError, ValueError):  # it is closed, or of an encoding that has no such text
        return


def silence(stream: TextIO) -> None:
    """Let nothing more be written to a standard stream: Python would complain at its exit."""
    with suppress(OSError, ValueError):  # one that is no file
        target = stream.fileno()
        source = os.open(os.devnull, os.O_WRONLY)
        os.dup2(source, target)
        os.close(source)

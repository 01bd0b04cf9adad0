"""Distributions, empty environments and the commands that are run in them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Distribution:
    """The two files of one version."""

    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Environment:
    """A virtual environment, with nothing on its PATH but itself."""

    folder: Path
    outer: Mapping[str, str]

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def path(self) -> str:
        return str(self.folder / "bin")

    def install(self, *arguments: str) -> None:
        """Call this environment's pip, with the caches and settings of the machine."""
        run([self.python, "-m", "pip", "install", "--quiet", *arguments], env=self.outer)


def run(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None, check: bool = True
) -> str:
    """Run a command and give what it printed; its whole output is in the failure."""
    done = subprocess.run(
        command,
        env=dict(env),
        cwd=cwd,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if check and done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}", pytrace=False)
    return done.stdout

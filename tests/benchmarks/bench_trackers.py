"""The trackers that are compared, each in a Python environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench_figures import OURS

__all__ = ["ADAPTERS", "ALL", "FOLDER", "STORES", "Tracker", "install", "versions"]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench"
#: One for each time that this runs, so that two at once do not meet.
STORES = FOLDER / f"stores-{os.getpid()}"
ADAPTERS = Path(__file__).resolve().parent / "adapters"

#: Tried in turn where a tracker cannot be installed for the Python that runs this.
OTHER_PYTHONS = ("python3.12", "python3.11", "python3.10")


@dataclass(frozen=True)
class Tracker:
    """One tracker.

    Attributes
    ----------
    key, title
        Its name here and in the table.
    module
        What ``import`` is measured with.
    packages
        What is installed; the first is the tracker itself.
    shared
        What several processes share.
    safe
        What the figure «safe from a kill» stands for.
    script
        The adapter's name, by default that of the tracker.
    """

    key: str
    title: str
    module: str
    packages: tuple[str, ...]
    shared: str
    safe: str
    script: str = ""

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        if self.key == OURS:
            return Path(sys.executable)
        return FOLDER / "venvs" / self.key / "bin" / "python"

    @property
    def adapter(self) -> Path:
        """The script that knows how it is used."""
        return ADAPTERS / f"{self.script or f'use_{self.key}'}.py"


ALL = (
    Tracker(
        OURS,
        "celltrail",
        "celltrail",
        ("celltrail",),
        "one DuckDB file",
        "each `log()` and `finish()` has written to a file when it returns",
    ),
    Tracker(
        "mlflow",
        "MLflow (SQLite)",
        "mlflow",
        ("mlflow", "pandas"),
        "one SQLite file",
        "each call has committed when it returns",
    ),
    Tracker(
        "wandb",
        "W&B offline",
        "wandb",
        ("wandb", "pandas"),
        "a file for each run, nothing shared",
        "`finish()` waits for its service process; `log()` only hands over to it",
    ),
    Tracker(
        "trackio",
        "Trackio",
        "trackio",
        ("trackio", "pandas"),
        "one SQLite file",
        "`finish()` waits for a thread; `log()` only queues",
    ),
    Tracker(
        "aim",
        "Aim",
        "aim",
        ("aim", "pandas"),
        "one repository, a RocksDB for each run",
        "`close()` has written; its docs promise nothing for `track()`",
    ),
    Tracker(
        "tensorboardx",
        "tensorboardX",
        "tensorboardX",
        ("tensorboardX", "tensorboard", "pandas"),
        "a folder for each run, nothing shared",
        "`flush()` and `close()` wait for a thread; `add_scalar()` only queues",
    ),
    Tracker(
        "exptrack",
        "exptrack",
        "exptrack",
        ("exptrack", "pandas"),
        "one SQLite file",
        "`finish()` has committed; `log_metrics()` commits every 250 ms",
    ),
)


def install(tracker: Tracker) -> str:
    """Make a tracker's environment unless it is there, and say why it cannot be, if so."""
    stamp = tracker.python.parents[1] / ".installed"
    if tracker.key == OURS or stamp.exists():
        return ""
    reason = ""
    for python in (sys.executable, *OTHER_PYTHONS):
        if shutil.which(python) is None:
            continue
        folder = tracker.python.parents[1]
        shutil.rmtree(folder, ignore_errors=True)
        print(f"  installing {tracker.title} with {Path(python).name} …", flush=True)
        reason = _run([python, "-m", "venv", str(folder)])
        pip = [str(tracker.python), "-m", "pip", "install", "--quiet"]
        reason = reason or _run([*pip, "--upgrade", "pip"])
        reason = reason or _run([*pip, *tracker.packages])
        reason = reason or _run([str(tracker.python), "-c", f"import {tracker.module}, pandas"])
        if not reason:
            stamp.touch()
            return ""
    return reason


def versions(tracker: Tracker) -> dict[str, str]:
    """Give the versions of a tracker's packages and of its Python."""
    code = (
        "import json, platform, sys; from importlib.metadata import version; "
        "print(json.dumps({n: version(n) for n in sys.argv[1:]} "
        "| {'Python': platform.python_version()}))"
    )
    answer = subprocess.run(
        [tracker.python, "-c", code, *tracker.packages], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(answer.stdout)
    return found


def _run(command: list[str]) -> str:
    """Run a command, and give the last line of what it says when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return lines[-1][:200] if done.returncode else ""

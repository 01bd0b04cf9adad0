"""What the tests of the store log with: the spool's writer, and short words for its events."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from celltrail.ids import new_id
from celltrail.store import SpoolWriter


def now() -> int:
    """Give microseconds since 1970."""
    return time.time_ns() // 1000


class Recorder:
    """One session that logs to a store."""

    def __init__(self, store: Path) -> None:
        self.session = new_id()
        self.writer = SpoolWriter(store, self.session)

    def run(self, name: str | None = None, **fields: Any) -> str:
        """Begin a run and give its id."""
        run_id = new_id()
        values = {"experiment": "tests", "kind": "cell", "started": now(), **fields}
        self.writer.event("run", id=run_id, session=self.session, name=name, **values)
        return run_id

    def log(self, run: str, step: int = 0, **metrics: float) -> None:
        """Log metrics of one step."""
        self.writer.append(run, now(), [(key, step, value) for key, value in metrics.items()])

    def end(self, run: str, status: str = "finished", **fields: Any) -> None:
        """End a run."""
        self.writer.event("run_end", run=run, status=status, ended=now(), **fields)

    def param(self, run: str, key: str, value: Any, reason: str | None = None) -> None:
        """Set a param."""
        self.writer.event("param", run=run, key=key, value=value, reason=reason)

    def close(self) -> None:
        """End the session."""
        self.writer.close()

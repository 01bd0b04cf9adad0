"""The spool's events, gathered into what they change."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.store.values import encode_param, real, text, text_or_none, whole

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Changes", "SegmentNames"]

Event: TypeAlias = dict[str, Any]
_DEFINITIONS = (b'{"e":"ref"', b'{"e":"key"')


@dataclass(slots=True)
class SegmentNames:
    """What the numbers in one segment's points mean."""

    runs: dict[int, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)

    def read(self, events: bytes) -> None:
        """Take the definitions out of lines of events."""
        for line in events.splitlines():
            if not line.startswith(_DEFINITIONS):
                continue
            try:
                event = json.loads(line)
                if event["e"] == "ref":
                    self.runs[int(event["r"])] = text(event["run"])
                else:
                    self.keys[int(event["k"])] = text(event["name"])
            except (ValueError, KeyError, TypeError):
                continue  # a damaged line; its points are counted as skipped


@dataclass(slots=True)
class Changes:
    """What a batch of events changes, by the ids that users know.

    Parameters
    ----------
    runs
        Run id to new values of columns of ``runs``; ``previous`` and ``number`` are
        found out later, ``parent`` is an id here.
    again
        The same, for what counts only where the store does not know the run.
    params
        Run id and the other columns of ``params``, in the order of the events.
    tags
        (Run id, tag) to whether it is on.
    reasons
        Run id, metric and why it was recorded unasked.
    skipped
        Lines that made no sense.
    """

    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    again: dict[str, dict[str, Any]] = field(default_factory=dict)
    params: list[tuple[Any, ...]] = field(default_factory=list)
    tags: dict[tuple[str, str], bool] = field(default_factory=dict)
    reasons: list[tuple[str, str, str]] = field(default_factory=list)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    environments: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    artifacts: list[tuple[Any, ...]] = field(default_factory=list)
    datasets: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    run_datasets: list[tuple[Any, ...]] = field(default_factory=list)
    cells: list[tuple[Any, ...]] = field(default_factory=list)
    blobs: dict[str, str] = field(default_factory=dict)
    skipped: int = 0

    def read(self, session: str, events: bytes) -> None:
        """Take in lines of events that a session wrote.

        Notes
        -----
        Unknown kinds are of a later version and are passed over. A line that is damaged
        is counted and passed over too: it must not keep all others out of the store.
        """
        for line in events.splitlines():
            try:
                event = json.loads(line)
                handler = _HANDLERS.get(event["e"])
                if handler is not None:
                    handler(self, session, event)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self.skipped += 1

    def run(self, run_id: str) -> dict[str, Any]:
        """Give the changes of one run, to be added to."""
        return self.runs.setdefault(text(run_id), {})

    def forget(self, purged: set[str]) -> None:
        """Leave out everything of some runs."""
        if not purged:
            return
        for by_run in (self.runs, self.again):
            for run_id in purged & by_run.keys():
                del by_run[run_id]
        self.tags = {place: on for place, on in self.tags.items() if place[0] not in purged}
        for rows in (self.params, self.reasons, self.artifacts, self.run_datasets):
            rows[:] = [row for row in rows if row[0] not in purged]
        self.cells = [(*row[:-1], None if row[-1] in purged else row[-1]) for row in self.cells]
        kept = {row[5] for row in self.artifacts}
        self.blobs = {sha256: session for sha256, session in self.blobs.items() if sha256 in kept}


def _run(changes: Changes, session: str, event: Event) -> None:
    run = changes.run(event["id"])
    if event.get("again"):
        run = changes.again.setdefault(text(event["id"]), {})
    run.update(
        experiment=text(event["experiment"]),
        session=text(event.get("session") or session),
        started=whole(event["started"]),
        execution_count=whole(event.get("execution_count")),
        parent=text_or_none(event.get("parent")),
    )
    for name in ("name", "kind", "source", "source_name", "cell_id", "notebook"):
        run[name] = text_or_none(event.get(name))
    run["note"] = text(event.get("note") or "")
    run.setdefault("status", "running")
    _git(run, event)


def _git(run: dict[str, Any], event: Event) -> None:
    git = event.get("git")
    if git:
        run["git_commit"] = text_or_none(git.get("commit"))
        run["git_branch"] = text_or_none(git.get("branch"))
        dirty = git.get("dirty")
        run["git_dirty"] = None if dirty is None else bool(dirty)


def _run_context(changes: Changes, _session: str, event: Event) -> None:
    run = changes.run(event["run"])
    _git(run, event)
    if event.get("environment") is not None:
        run["environment"] = text(event["environment"])


def _run_end(changes: Changes, _session: str, event: Event) -> None:
    run = changes.run(event["run"])
    run["status"] = text(event["status"])
    run["ended"] = whole(event["ended"])
    error = event.get("error") or {}
    for name in ("type", "message", "traceback"):
        run[f"error_{name}"] = text_or_none(error.get(name))
    run["cpu_seconds"] = real(event.get("cpu_seconds"))
    run["peak_memory"] = whole(event.get("peak_memory"))


def _param(changes: Changes, _session: str, event: Event) -> None:
    changes.run(event["run"])
    typed = encode_param(event["value"])
    changes.params.append(
        (
            text(event["run"]),
            text(event["key"]),
            *typed,
            text_or_none(event.get("reason")),
            whole(event.get("t")),
        )
    )


def _reason(changes: Changes, _session: str, event: Event) -> None:
    changes.run(event["run"])
    changes.reasons.append((text(event["run"]), text(event["metric"]), text(event["reason"])))


def _tag(changes: Changes, _session: str, event: Event) -> None:
    changes.run(event["run"])
    changes.tags[text(event["run"]), text(event["tag"])] = bool(event.get("on", True))


def _note(changes: Changes, _session: str, event: Event) -> None:
    changes.run(event["run"])["note"] = text(event["text"])


def _name(changes: Changes, _session: str, event: Event) -> None:
    changes.run(event["run"])["name"] = text_or_none(event["name"])


def _session(changes: Changes, session: str, event: Event) -> None:
    changes.sessions.setdefault(text(event.get("id") or session), {}).update(
        host=text_or_none(event.get("host")),
        pid=whole(event.get("pid")),
        process_started=real(event.get("process_started")),
        started=whole(event.get("started")),
        kind=text_or_none(event.get("kind")),
        notebook=text_or_none(event.get("notebook")),
        environment=text_or_none(event.get("environment")),
    )


def _session_end(changes: Changes, session: str, event: Event) -> None:
    changes.sessions.setdefault(session, {})["ended"] = whole(event["ended"])


def _environment(changes: Changes, _session: str, event: Event) -> None:
    description = {k: v for k, v in event.items() if k not in ("e", "t", "sha256")}
    changes.environments[text(event["sha256"])] = json.dumps(description)


def _source(changes: Changes, _session: str, event: Event) -> None:
    changes.sources[text(event["sha256"])] = text(event["text"])


def _artifact(changes: Changes, session: str, event: Event) -> None:
    changes.run(event["run"])
    sha256 = text(event["sha256"])
    size = whole(event["size"]) or 0
    changes.blobs.setdefault(sha256, session)
    changes.artifacts.append(
        (
            text(event["run"]),
            text(event["name"]),
            text_or_none(event.get("kind")),
            text_or_none(event.get("mime")),
            whole(event.get("step")),
            sha256,
            size,
            whole(event.get("t")),
        )
    )


def _dataset(changes: Changes, _session: str, event: Event) -> None:
    changes.run(event["run"])
    sha256 = text(event["sha256"])
    changes.datasets[sha256] = (
        sha256,
        text_or_none(event.get("kind")),
        json.dumps(event.get("shape")),
        json.dumps(event.get("schema")),
        whole(event.get("size")),
    )
    changes.run_datasets.append((text(event["run"]), text(event["name"]), sha256))


def _cell(changes: Changes, session: str, event: Event) -> None:
    run = event.get("run")
    if run is not None:
        changes.run(run)
    changes.cells.append(
        (
            text(event.get("session") or session),
            whole(event.get("execution_count")),
            text_or_none(event.get("cell_id")),
            text_or_none(event.get("source")),
            whole(event.get("started")),
            whole(event.get("ended")),
            text_or_none(event.get("status")),
            text_or_none(run),
        )
    )


_HANDLERS: dict[str, Callable[[Changes, str, Event], None]] = {
    "session": _session,
    "session_end": _session_end,
    "environment": _environment,
    "source": _source,
    "run": _run,
    "run_context": _run_context,
    "run_end": _run_end,
    "param": _param,
    "reason": _reason,
    "tag": _tag,
    "note": _note,
    "name": _name,
    "artifact": _artifact,
    "dataset": _dataset,
    "cell": _cell,
}

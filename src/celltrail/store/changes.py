"""The spool's events, gathered into what they change."""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.store.blobs import is_address
from celltrail.store.values import encode_param, real, text, text_or_none, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Changes"]

Event: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Changes:
    """What a batch of events changes, by the ids that users know.

    Parameters
    ----------
    runs
        Run id to new values of columns of ``runs``; ``previous`` and ``number`` are
        found out later, ``parent`` is an id here. ``resumes`` (when who took it
        over) and ``ends`` (session to the columns of an end) are settled there too.
    again
        The same, for what counts only where the store does not know the run.
    params
        Run id and the other columns of ``params``, in the order of the events.
    tags
        (Run id, tag) to whether it is on.
    reasons
        Run id, metric and why it was recorded unasked.
    meanings
        (Metric, what is said of it) to what that is, as a text, and when it was said.
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
    outputs: list[tuple[Any, ...]] = field(default_factory=list)
    blobs: dict[str, set[str]] = field(default_factory=dict)
    meanings: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    skipped: int = 0

    def read(self, written: Mapping[str, bytes]) -> None:
        """Take in lines of events, session by session, in the order of their times.

        Notes
        -----
        Where several processes log to one run, what was said last counts, whoever said it;
        of one session the order is that of its lines, whatever its clock did.

        Unknown kinds are of a later version and are passed over. A line that is damaged
        is counted and passed over too: it must not keep all others out of the store.
        """
        streams = (self._events(session, lines) for session, lines in written.items())
        for _, session, event in heapq.merge(*streams, key=itemgetter(0)):
            try:
                handler = _HANDLERS.get(event["e"])
                if handler is not None:
                    handler(self, session, event)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self.skipped += 1

    def _events(self, session: str, lines: bytes) -> Iterator[tuple[int, str, Event]]:
        latest = 0
        # What the writer writes is ASCII; anything else is damage, which no line survives.
        for line in lines.decode("ascii", "surrogateescape").split("\n"):
            if not line:
                continue
            try:
                event = _decode(line)
                latest = max(latest, whole(event.get("t")) or 0)
            except (ValueError, AttributeError, RecursionError):
                self.skipped += 1
                continue
            yield latest, session, event

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
        for rows in (self.params, self.reasons, self.artifacts, self.run_datasets, self.outputs):
            rows[:] = [row for row in rows if row[0] not in purged]
        self.cells = [(None if row[0] in purged else row[0], *row[1:]) for row in self.cells]
        kept = {row[5] for row in self.artifacts}
        self.blobs = {sha256: found for sha256, found in self.blobs.items() if sha256 in kept}


def _decode(line: str) -> Any:
    if not line.isascii():
        message = "not ASCII"
        raise ValueError(message)
    return json.loads(line)


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
    if event.get("auto"):
        run["auto"] = True
    run.setdefault("status", "running")
    _git(run, event)


def _git(run: dict[str, Any], event: Event) -> None:
    git = event.get("git")
    if git:
        run["git_commit"] = text_or_none(git.get("commit"))
        run["git_branch"] = text_or_none(git.get("branch"))
        dirty = git.get("dirty")
        run["git_dirty"] = None if dirty is None else bool(dirty)
        run["git_diff"] = text_or_none(git.get("diff"))
    if event.get("markdown") is not None:
        run["markdown"] = text(event["markdown"])


def _run_context(changes: Changes, _session: str, event: Event) -> None:
    run = changes.run(event["run"])
    _git(run, event)
    if event.get("environment") is not None:
        run["environment"] = text(event["environment"])
    redacted = whole(event.get("redactions"))
    if redacted is not None:
        run["redacted"] = max(redacted, run.get("redacted", 0))


def _run_end(changes: Changes, session: str, event: Event) -> None:
    # Who ends it stands beside how: only the end that its owner gave it counts.
    end: dict[str, Any] = {"status": text(event["status"]), "ended": whole(event["ended"])}
    error = event.get("error") or {}
    for name in ("type", "message", "traceback"):
        end[f"error_{name}"] = text_or_none(error.get(name))
    end["cpu_seconds"] = real(event.get("cpu_seconds"))
    end["peak_memory"] = whole(event.get("peak_memory"))
    end["redactions"] = whole(event.get("redactions"))
    owner = text(event.get("session") or session)
    changes.run(event["run"]).setdefault("ends", {})[owner] = end


def _resume(changes: Changes, session: str, event: Event) -> None:
    taker = text(event.get("session") or session)
    run = changes.run(event["run"])
    run.setdefault("resumes", []).append((whole(event.get("at")) or 0, taker))
    run.get("ends", {}).pop(taker, None)  # that was the end before this


def _lost(changes: Changes, _session: str, event: Event) -> None:
    changes.run(event["run"])
    changes.params.append(
        (
            text(event["run"]),
            "celltrail.lost_records",
            *encode_param(whole(event["records"]) or 0),
            "could not be written, and memory for them was full",
            whole(event.get("t")),
        )
    )


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
    sha256 = event["sha256"]
    if not is_address(sha256):  # it becomes a part of a path
        message = f"{sha256!r} is no address"
        raise ValueError(message)
    size = whole(event["size"]) or 0
    changes.blobs.setdefault(sha256, set()).add(session)
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
            text_or_none(run),
            text(event.get("session") or session),
            whole(event.get("execution_count")),
            text_or_none(event.get("cell_id")),
            text_or_none(event.get("source")),
            whole(event.get("started")),
            whole(event.get("ended")),
            text_or_none(event.get("status")),
            *(_names(event.get(name)) for name in ("reads", "binds", "mutated", "deleted")),
        )
    )


def _names(names: object) -> str | None:
    return json.dumps([text(name) for name in names]) if isinstance(names, list) else None


def _output(changes: Changes, _session: str, event: Event) -> None:
    changes.run(event["run"])
    sha256 = event.get("sha256")
    if sha256 is not None and not is_address(sha256):
        message = f"{sha256!r} is no address"
        raise ValueError(message)
    changes.outputs.append(
        (
            text(event["run"]),
            whole(event["position"]) or 0,
            text(event["kind"]),
            text_or_none(event.get("name")),
            text_or_none(event.get("mime")),
            text_or_none(event.get("text")),
            sha256,
            whole(event.get("size")),
            bool(event.get("truncated")),
            whole(event.get("t")),
        )
    )


def _meaning(changes: Changes, _session: str, event: Event) -> None:
    metric, time = text(event["metric"]), whole(event.get("t")) or 0
    for name, value in event["said"].items():
        said = str(value).lower() if isinstance(value, bool) else text(value)
        changes.meanings[metric, text(name)] = (said, time)


_HANDLERS: dict[str, Callable[[Changes, str, Event], None]] = {
    "session": _session,
    "session_end": _session_end,
    "environment": _environment,
    "source": _source,
    "run": _run,
    "run_context": _run_context,
    "run_end": _run_end,
    "resume": _resume,
    "lost": _lost,
    "param": _param,
    "reason": _reason,
    "tag": _tag,
    "note": _note,
    "name": _name,
    "artifact": _artifact,
    "dataset": _dataset,
    "cell": _cell,
    "output": _output,
    "meaning": _meaning,
}

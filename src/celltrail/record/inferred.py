"""Write down what was found in the code of a run, beside what was logged by hand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from celltrail.config import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from celltrail.capture.infer import Inference
    from celltrail.model import DatasetInfo
    from celltrail.record.journal import Journal
    from celltrail.record.points import PointMaker
    from celltrail.store.events import Event

__all__ = ["write_inferred"]


def write_inferred(journal: Journal, points: PointMaker, inference: Inference) -> None:
    """Record what was inferred; a name that the run already has is left alone.

    Parameters
    ----------
    journal, points
        The run's own.
    inference
        What was found.
    """
    known = journal.params.keys() | points.names
    events: list[Event] = []
    clean = journal.names_cleaner()
    for key, found in inference.params.items():
        if key not in known:
            events += journal.param_events([(key, found.value)], found.reason, clean)
    new = {key: found for key, found in inference.metrics.items() if key not in known}
    rows = points.points({key: found.value for key, found in new.items()})
    events += [("reason", {"metric": key, "reason": found.reason}) for key, found in new.items()]
    for key, many in inference.series.items():
        if key in known or key in new:
            continue
        events.append(("reason", {"metric": key, "reason": many.reason}))
        for step, value in many:
            rows += points.points({key: value}, step)
    events += [_dataset_event(dataset, clean) for dataset in inference.datasets]
    journal.events(events)
    if rows:
        journal.points(rows)


def _dataset_event(dataset: DatasetInfo, clean: Callable[[str], str]) -> Event:
    facts = asdict(dataset)
    if settings().capture != "full":
        facts["schema"] = {}
    facts["name"] = clean(dataset.name)
    facts["schema"] = {clean(key): kind for key, kind in facts["schema"].items()}
    described = json.dumps({k: v for k, v in facts.items() if k != "name"}, sort_keys=True)
    sha256 = hashlib.sha256(described.encode("utf-8", "surrogatepass")).hexdigest()
    return "dataset", {**facts, "sha256": sha256}

"""Several runs with all that is compared of them, read together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.query.artifacts import StoredArtifact
from celltrail.query.meaning import primary_first
from celltrail.query.run import Run, summary_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.store import RunRow, Store

__all__ = ["artifacts_together", "runs_together"]


def runs_together(store: Store, rows: Sequence[RunRow], *, outputs: bool = False) -> list[Run]:
    """Read runs with their params, metrics, code, environments and data by two reads in all.

    Parameters
    ----------
    store
        Where they are.
    rows
        The runs.
    outputs
        Whether what they showed is read too, which may be much.

    Returns
    -------
    list of Run
        In the order of ``rows``; those properties of theirs read nothing more.
    """
    data = store.table_data(ids=[row.id for row in rows])
    around = store.surroundings(rows, outputs=outputs)
    params: dict[int, dict[str, object]] = {row.run: {} for row in rows}
    reasons: dict[int, dict[str, str]] = {row.run: {} for row in rows}
    for i, (run, key) in enumerate(zip(data.params.run, data.params.key, strict=True)):
        if int(run) in params:
            params[int(run)][data.params.names[key]] = data.params.value(i)
            if data.params.reason[i]:
                reasons[int(run)][data.params.names[key]] = data.params.reason[i]
    summaries: dict[int, dict[str, object]] = {row.run: {} for row in rows}
    found = data.summaries
    for i, (run, key) in enumerate(zip(found.run, found.key, strict=True)):
        if int(run) in summaries:
            summaries[int(run)][found.names[key]] = summary_at(found, i)
    names = {name for found_of_run in summaries.values() for name in found_of_run}
    order = primary_first(sorted(names), data.meanings)
    runs = []
    for row in rows:
        own = summaries[row.run]
        run = Run(store, row)
        # what these properties would read one by one, and keep
        vars(run).update(
            params=params[row.run],
            reasons={**reasons[row.run], **around.reasons.get(row.id, {})},
            tags=sorted(data.tags.get(row.run, [])),
            _summaries={name: own[name] for name in order if name in own},
            _meanings=data.meanings,
            source=around.sources.get(row.source_sha or "", ""),
            environment=around.environments.get(row.environment or "", {}),
            datasets=around.datasets.get(row.id, []),
        )
        if around.outputs is not None:
            vars(run)["outputs"] = around.outputs.get(row.id, [])
        runs.append(run)
    return runs


def artifacts_together(
    store: Store, rows: Sequence[RunRow], limit: int
) -> list[list[StoredArtifact]]:
    """Read what was logged to several runs, by one read; without what their cells showed.

    Parameters
    ----------
    store
        Where they are.
    rows
        The runs.
    limit
        At most so many artifacts, of all runs together: the first ones.
    """
    found = store.logged_artifacts([row.id for row in rows], limit)
    return [[StoredArtifact(store, info) for info in found.get(row.id, ())] for row in rows]

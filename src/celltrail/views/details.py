"""All that is known of one run, as its page shows it.

Recorded HTML travels as a text: the page shows it in a frame that runs no script and loads
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.errors import CelltrailError
from celltrail.views.format import (
    format_duration,
    format_metric,
    format_shape,
    format_time,
    format_value,
    plural,
    shorten,
)
from celltrail.views.stored_content import PICTURE_TYPES, bounded_text, data_uri

if TYPE_CHECKING:
    from celltrail.model import DatasetInfo, OutputInfo
    from celltrail.query import Run

__all__ = ["run_details", "run_outputs"]

_ROWS = 500
_OUTPUTS = 40
#: Pictures of more bytes than this are named and not sent; so are those beyond the sum.
_PICTURE = 4 << 20
_PICTURES = 12 << 20


def run_details(run: Run) -> dict[str, Any]:
    """Describe a run for its page.

    Parameters
    ----------
    run
        The run.

    Returns
    -------
    dict
        What JSON can carry, bounded in size: ``title``, ``status``, ``said`` (what
        can be changed), ``facts`` (pairs of texts), ``error``, ``params`` and ``metrics``
        (rows of texts with the reason why they were recorded), ``source``, ``outputs``,
        ``data`` and ``environment``.
    """
    return {
        "title": shorten(run.label, 200),
        "status": run.status.value,
        "said": {"name": run.name or "", "note": run.note, "tags": run.tags},
        "facts": _facts(run),
        "error": None
        if run.error is None
        else bounded_text(run.error.traceback or run.error.message),
        "params": _params(run),
        "metrics": _metrics(run),
        "source": bounded_text(run.source),
        "outputs": run_outputs(run),
        "data": [_dataset(dataset) for dataset in run.datasets[:_ROWS]],
        "environment": _environment(run),
    }


def _facts(run: Run) -> list[tuple[str, str]]:
    facts = [("started", format_time(int(run.started.timestamp() * 1e6), full=True))]
    if run.duration is not None:
        facts.append(("duration", format_duration(run.duration)))
    if run.notebook:
        facts.append(("notebook", run.notebook))
    if run.git is not None:
        dirty = ", with changes" if run.git["dirty"] else ""
        branch = f" on {run.git['branch']}" if run.git["branch"] else ""
        facts.append(("git", f"{str(run.git['commit'])[:10]}{branch}{dirty}"))
    if run.peak_memory:
        facts.append(("memory", f"{run.peak_memory / (1 << 20):,.0f} MiB at most"))
    if run.redactions:
        facts.append(("redacted", plural(run.redactions, "secret")))
    return facts


def _params(run: Run) -> list[dict[str, str]]:
    reasons = run.reasons
    return [
        {"name": name, "value": format_value(value, limit=400), "reason": reasons.get(name, "")}
        for name, value in list(run.params.items())[:_ROWS]
    ]


def _metrics(run: Run) -> list[dict[str, str]]:
    reasons = run.reasons
    return [
        {
            "name": name,
            "value": format_metric(found.last, run.meaning(name)),
            "min": format_metric(found.min, run.meaning(name)),
            "max": format_metric(found.max, run.meaning(name)),
            "count": f"{found.count:,}",
            "reason": reasons.get(name, ""),
        }
        for name, found in list(run.summaries.items())[:_ROWS]
    ]


def run_outputs(run: Run) -> list[dict[str, Any]]:
    """Describe what a run's cell showed.

    Parameters
    ----------
    run
        The run.

    Returns
    -------
    list of dict
        ``kind``, ``name`` and ``mime``, with ``text``, or ``picture`` (a data URI), or
        ``page`` (HTML, to be shown where it can do nothing). At most 40, of at most 12 MiB.
    """
    shown: list[dict[str, Any]] = []
    left = _PICTURES
    for output in run.outputs[:_OUTPUTS]:
        entry: dict[str, Any] = {"kind": output.kind, "name": output.name, "mime": output.mime}
        if output.text is not None and output.mime.startswith("text/plain"):
            entry["text"] = bounded_text(output.text)
        content = _content(run, output, min(left, _PICTURE))
        left -= len(content)
        if content and output.mime in PICTURE_TYPES:
            entry["picture"] = data_uri(output.mime, content)
        elif content:
            entry["page"] = content.decode("utf-8", "replace")
        elif "text" not in entry:
            entry["text"] = f"({output.mime}, {plural(output.size, 'byte')})"
        shown.append(entry)
    return shown


def _content(run: Run, output: OutputInfo, limit: int) -> bytes:
    """Give a picture or a page of HTML; nothing for what is neither, or too large."""
    is_shown = output.mime in PICTURE_TYPES or output.mime == "text/html"
    if output.sha256 is None or not is_shown or output.size > limit:
        return b""
    try:
        return run.artifact(output.name).bytes()
    except CelltrailError:  # it is missing or damaged: the doctor's business, not the view's
        return b""


def _dataset(dataset: DatasetInfo) -> dict[str, str]:
    columns = [name for name in dataset.schema if name]
    return {
        "name": dataset.name,
        "value": f"{dataset.kind} {format_shape(dataset.shape)}".strip(),
        "columns": shorten(", ".join(map(str, columns)), 400),
    }


def _environment(run: Run) -> dict[str, Any]:
    found = run.environment
    packages = found.get("packages")
    names = packages if isinstance(packages, dict) else {}
    return {
        "facts": [(name, str(found[name])) for name in ("python", "platform") if found.get(name)],
        "packages": [f"{name} {version}" for name, version in sorted(names.items())],
    }

"""The results as a table: in the terminal, in Markdown and as a file."""

from __future__ import annotations

import json
import math
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench_figures import OURS, Cell, Row
from bench_trackers import ALL, Tracker

__all__ = [
    "figure",
    "machine",
    "markdown",
    "notes",
    "put_into",
    "quantity",
    "table",
    "text_table",
    "to_json",
]

MARKS = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)

#: From the greatest; the first that a figure reaches names it.
SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))

Table = tuple[list[str], list[list[str]]]


def figure(value: float) -> str:
    """Write a number with three digits that mean something: ``0.0123``, ``1.23``, ``12,300``."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{round(value, 2 - math.floor(math.log10(abs(value)))):,.{digits}f}"


def quantity(value: float, unit: str) -> str:
    """Write a figure with its unit; seconds become ms or µs when they are few."""
    if unit == "s":
        size, name = next((s for s in SECONDS if abs(value) >= s[0]), SECONDS[-1])
        return f"{figure(value / size)} {name}"
    if unit == "%":
        return f"{figure(100 * value)} %"
    return f"{figure(value)} {unit}".rstrip()


def _cell(row: Row, key: str, marks: list[str]) -> str:
    """Write a cell; its notes get numbers, and stand below the table."""
    cell = row.cells.get(key)
    if cell is None:
        return "–"
    said = cell.text
    if cell.median is not None:
        more = {True: "> ", False: ""}[cell.at_least]
        said = more + quantity(cell.median, row.unit)
    said = said or ("not measured" if cell.notes else "–")
    if cell.wrong and row.unit:
        said += f" (✗ read back: {', '.join(cell.wrong)})"
    elif cell.wrong:
        more = [each for each in cell.wrong if " " in each]  # beyond what the counts say
        said += " ✗" + (f" ({', '.join(more)})" if more else "")
    return said + "".join(f" [{_number(marks, note)}]" for note in cell.notes)


def _number(marks: list[str], note: str) -> int:
    if note not in marks:
        marks.append(note)
    return marks.index(note) + 1


def _target(row: Row) -> str:
    parts = []
    if row.target is not None:
        parts.append(f"≤ {quantity(row.target, row.unit)}")
    if row.ahead is not None:
        parts.append(f"≥ {row.ahead:g} × ahead")
    return ", ".join(parts)


def _ahead(row: Row, titles: Mapping[str, str]) -> str:
    """Write how far celltrail is ahead of the fastest peer, and which that is."""
    peer = row.fastest_peer
    ratio = None if peer is None else row.ratio(peer)
    if peer is None or ratio is None:
        return ""
    least = "> " if row.cells[peer].at_least else ""
    if ratio < 1 and row.cells[peer].at_least:
        return f"not known: {titles[peer]} did a part"
    if ratio < 1:
        return f"{figure(1 / ratio)} × behind {titles[peer]}"
    return f"{least}{figure(ratio)} × {titles[peer]}"


def table(rows: Sequence[Row], trackers: Sequence[Tracker], marks: list[str]) -> Table:
    """Give the heading and the lines of a table; its notes are added to ``marks``."""
    titles = {tracker.key: tracker.title for tracker in ALL}
    shown = [t for t in trackers if t.key == OURS or any(t.key in row.cells for row in rows)]
    peers = len(shown) > 1
    head = ["", "target", *(t.title for t in shown[:1])]
    head += ["ahead of the fastest peer", *(t.title for t in shown[1:])] if peers else []
    lines = []
    for row in rows:
        ours = _cell(row, OURS, marks)
        if row.missed:
            ours += f" ✗ {', '.join(row.missed)}" if row.unit else ""
        line = [row.title, _target(row), ours]
        if peers:
            line.append(_ahead(row, titles))
            line += [_cell(row, t.key, marks) for t in shown[1:]]
        lines.append(line)
    return head, lines


def text_table(content: Table) -> str:
    """Lay a table out for a terminal: one block a line of it, which is too wide for one line."""
    head, lines = content
    width = max(len(name) for name in head) + 2
    blocks = []
    for line in lines:
        block = [line[0]]
        block += [
            f"  {name:<{width}}{value}"
            for name, value in zip(head[1:], line[1:], strict=True)
            if value
        ]
        blocks.append("\n".join(block))
    return "\n\n".join(blocks)


def _markdown_table(content: Table) -> str:
    head, lines = content
    ruled = [head, ["---"] * len(head), *lines]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in ruled
    )


def notes(marks: Sequence[str]) -> list[str]:
    """Write the notes with their numbers."""
    return [f"[{number}] {note}" for number, note in enumerate(marks, 1)]


def machine() -> dict[str, str]:
    """Say what this ran on, and when."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "system": platform.system(),
        "Python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next(
        (line.split(":", 1)[1].strip() for line in lines if "model name" in line), "unknown"
    )


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "unknown"
    return f"{size / 2**30:.0f} GiB"


def markdown(
    shared: Sequence[Row],
    own: Sequence[Row],
    trackers: Sequence[Tracker],
    found: Mapping[str, Mapping[str, str]],
    absent: Mapping[str, str],
    where: Mapping[str, str],
    rounds: str,
) -> str:
    """Write the part of the README: the tables, what they mean, and what they ran on."""
    marks: list[str] = []
    parts = []
    if shared:
        parts.append(_markdown_table(table(shared, trackers, marks)))
    if own:
        parts.append(_markdown_table(table(own, trackers[:1], marks)))
    said = [
        rounds,
        "«Safe» is what outlives a kill of the process, not a power failure: "
        + "; ".join(f"{t.title}: {t.safe}" for t in trackers)
        + ".",
        "What they share: " + "; ".join(f"{t.title}: {t.shared}" for t in trackers) + ".",
        "Versions: " + "; ".join(_versions(t, found.get(t.key, {})) for t in trackers) + ".",
        ", ".join(f"{name} {value}" for name, value in where.items()) + ".",
    ]
    said += [f"{name} is missing: {reason}." for name, reason in absent.items()]
    parts += ["<br>\n".join(notes(marks))] if marks else []
    return "\n\n".join([*parts, *said]) + "\n"


def _versions(tracker: Tracker, found: Mapping[str, str]) -> str:
    named = [f"{name} {version}" for name, version in found.items() if name != "pandas"]
    return " ".join(named[:1]) + (f" ({', '.join(named[1:])})" if named[1:] else "")


def put_into(readme: Path, text: str) -> bool:
    """Put the text between the marks of a README, if it has them, and say whether it had."""
    before = readme.read_text("utf-8")
    after, count = MARKS.subn(lambda match: f"{match[1]}{text}{match[2]}", before)
    if count:
        readme.write_text(after, "utf-8")
    return bool(count)


def to_json(
    rows: Sequence[Row],
    found: Mapping[str, Mapping[str, str]],
    absent: Mapping[str, str],
    where: Mapping[str, str],
) -> str:
    """Write all figures, each process by itself."""
    measured = [
        {
            **{k: v for k, v in asdict(row).items() if k != "cells"},
            "fastest_peer": row.fastest_peer,
            "missed": row.missed,
            "cells": {key: _facts(row, key, cell) for key, cell in row.cells.items()},
        }
        for row in rows
    ]
    content = {"machine": where, "versions": found, "absent": absent, "rows": measured}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _facts(row: Row, key: str, cell: Cell) -> dict[str, object]:
    return {**asdict(cell), "median": cell.median, "ratio": row.ratio(key)}

"""One soak from its beginning to its report."""

from __future__ import annotations

import json
import platform
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from soak_check import Findings, check
from soak_director import Director, Outcome
from soak_places import PLACES
from soak_world import World

import celltrail as ct

__all__ = ["save", "soak", "table"]

ROOT = Path(__file__).resolve().parents[2]
#: What processes may say on stderr: that somebody else holds the file.
_USUAL = re.compile(r"celltrail: .*(held by|in use|another process|other program)", re.IGNORECASE)


def soak(folder: Path, *, seconds: float, seed: int, pause: float) -> dict[str, Any]:
    """Run one soak in an empty folder.

    Parameters
    ----------
    folder
        Where; made when it is missing.
    seconds
        How long writers are started and killed.
    seed
        What chance follows from.
    pause
        Mean seconds between two kills.

    Returns
    -------
    dict
        The report; ``faults`` is empty when all was well.
    """
    world = World(folder)
    world.make()
    outcome = Director(world, seconds, seed, pause).run()
    began = time.monotonic()
    findings = check(world)
    took = round(time.monotonic() - began, 1)
    return {**_report(world, outcome, findings, seed), "check_s": took}


def _report(world: World, outcome: Outcome, findings: Findings, seed: int) -> dict[str, Any]:
    readers = [json.loads(path.read_text("utf-8")) for path in world.logs.glob("reader*.json")]
    counts = Counter(findings.counts)
    for reader in readers:
        counts.update(reader["counts"])
    never = [f"nobody died in: {place}" for place in PLACES if not outcome.kills[place]]
    said, odd = _said(world)
    faults = [*outcome.faults, *never, *findings.faults, *odd]
    faults += [fault for reader in readers for fault in reader["faults"]]
    waits = {
        "log()": findings.log_us,
        "a writer's merge": findings.merge_us,
        "of that, others kept out": findings.alone_us,
        "runs().df()": [us for reader in readers for us in reader["waits"]["table"]],
        "history(since_step=)": [us for reader in readers for us in reader["waits"]["history"]],
    }
    return {
        "celltrail": ct.__version__,
        "duckdb": duckdb.__version__,
        "python": platform.python_version(),
        "seed": seed,
        "seconds": round(outcome.seconds, 1),
        "kills": len(outcome.killed),
        "kills_by_place": dict(outcome.kills),
        "clean_exits": sum(status == 0 for status in outcome.statuses.values()),
        "holds": dict(outcome.holds),
        "merges": len(findings.merge_us),
        "counts": dict(sorted(counts.items())),
        "waits_ms": {name: _wait(times) for name, times in waits.items()},
        "said": dict(said.most_common(20)),
        "store_mib": round(world.store.stat().st_size / 2**20, 1),
        "faults": faults,
    }


def _wait(microseconds: Sequence[int]) -> dict[str, float]:
    if not microseconds:
        return {"n": 0}
    p50, p95, p99, most = np.quantile(np.array(microseconds) / 1e3, [0.5, 0.95, 0.99, 1.0])
    figures = {"p50": p50, "p95": p95, "p99": p99, "max": most}
    return {"n": len(microseconds), **{k: round(float(v), 3) for k, v in figures.items()}}


def _said(world: World) -> tuple[Counter[str], list[str]]:
    """Count what processes wrote to stderr, and find what they should not have."""
    said: Counter[str] = Counter()
    odd: list[str] = []
    for path in world.logs.glob("*.err"):
        text = path.read_text("utf-8", "replace").replace(str(world.folder), "…")
        if "Traceback" in text and len(odd) < 5:
            odd.append(f"{path.name}:\n{text[-3000:]}")
        for line in text.splitlines():
            if "celltrail: " in line:
                sentence = re.sub(r"\b[0-9A-Z]{26}\b|\d+", "#", line.partition("celltrail: ")[2])
                said[sentence] += 1
                if not _USUAL.search(line) and len(odd) < 20:
                    odd.append(f"{path.name}: {line}")
    return said, odd


def table(report: dict[str, Any]) -> str:
    """Lay out a report for a terminal."""
    counts = report["counts"]
    lines = [
        f"{report['seconds']} s, seed {report['seed']}; celltrail {report['celltrail']}, "
        f"duckdb {report['duckdb']}, Python {report['python']}",
        f"{counts.get('acknowledged', 0):,} points acknowledged: "
        f"{counts.get('points lost', 0)} lost, {counts.get('points doubled', 0)} doubled; "
        f"{counts.get('runs', 0):,} runs, {counts.get('artifacts', 0):,} artifacts, "
        f"{report['merges']:,} merges, {report['store_mib']} MiB",
        f"{report['kills']} kills, {report['clean_exits']} clean exits, "
        f"{counts.get('increments', 0):,} increments read; "
        + ", ".join(f"{times} × {how}" for how, times in sorted(report["holds"].items())),
        "",
        f"{'waits, ms':<28}{'n':>10}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}",
    ]
    for name, wait in report["waits_ms"].items():
        figures = "".join(f"{wait.get(k, 0):>10,.3f}" for k in ("p50", "p95", "p99", "max"))
        lines.append(f"{name:<28}{wait['n']:>10,}{figures}")
    lines += ["", "kills by place"]
    lines += [f"{times:>6}  {place}" for place, times in report["kills_by_place"].items()]
    lines += ["", *(report["faults"] or ["nothing was wrong"])]
    return "\n".join(lines)


def save(report: dict[str, Any], name: str) -> Path:
    """Write a report to ``build/soak/``."""
    path = ROOT / "build" / "soak" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False), "utf-8")
    return path

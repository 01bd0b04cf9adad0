"""Measure celltrail beside its peers on this machine: ``make bench``.

Each tracker works in an environment and in processes of its own, in turn with the others, and
what it stored is read back. It measures and never fails: figures of a loaded machine say
little, and a test that depends on them would say nothing.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench_crowd import crowds, kills
from bench_figures import OURS, Row
from bench_own import OWN
from bench_report import machine, markdown, notes, put_into, table, text_table, to_json
from bench_sizes import FULL, QUICK, TINY, Sizes
from bench_trackers import ALL, FOLDER, ROOT, STORES, Tracker, install, versions
from bench_work import SHARED

WORKLOADS = {**SHARED, "kill": kills, "crowd": crowds}


def options(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure celltrail beside its peers.")
    peers = [tracker.key for tracker in ALL if tracker.key != OURS]
    names = [*WORKLOADS, *OWN]
    parser.add_argument("--peers", nargs="*", choices=peers, default=peers, metavar="PEER")
    parser.add_argument(
        "--workloads", nargs="+", choices=names, default=names, metavar="WORKLOAD",
        help=", ".join(names),
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, help="processes for each figure and tracker")
    parser.add_argument("--quick", action="store_true", help="smaller, in about five minutes")
    parser.add_argument("--tiny", action="store_true", help="only to see that all of it works")
    parser.add_argument("--readme", action="store_true", help="put the tables into README.md")
    parser.add_argument("--keep", action="store_true", help="keep the stores that were made")
    return parser.parse_args(words)


def sizes_of(asked: argparse.Namespace) -> Sizes:
    """Choose how much is measured."""
    sizes = TINY if asked.tiny else QUICK if asked.quick else FULL
    parts = ("rounds", "read_rounds", "crowd_rounds", "kills")
    if asked.rounds:
        sizes = replace(sizes, **dict.fromkeys(parts, asked.rounds))
    return sizes


def ready(asked: argparse.Namespace) -> tuple[list[Tracker], dict[str, str]]:
    """Install the peers, and say which cannot be."""
    absent = {}
    trackers = []
    for tracker in ALL:
        if tracker.key not in (OURS, *asked.peers):
            continue
        reason = install(tracker)
        if reason:
            absent[tracker.title] = reason
        else:
            trackers.append(tracker)
    return trackers, absent


def measure(
    asked: argparse.Namespace, trackers: list[Tracker], sizes: Sizes
) -> tuple[list[Row], list[Row]]:
    """Do the work, and say how long each part of it takes."""
    shared: list[Row] = []
    own: list[Row] = []
    for name in [each for each in (*WORKLOADS, *OWN) if each in asked.workloads]:
        began = time.monotonic()
        print(f"  {name:<12}", end="", flush=True)
        if name in WORKLOADS:
            shared += WORKLOADS[name](trackers, sizes)
        else:
            own += OWN[name](sizes)
        print(f" {time.monotonic() - began:.0f} s", flush=True)
    return shared, own


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write them to ``build/bench/``."""
    asked = options(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # ends what it began, too
    sizes = sizes_of(asked)
    FOLDER.mkdir(parents=True, exist_ok=True)
    trackers, absent = ready(asked)
    found = {tracker.key: versions(tracker) for tracker in trackers}
    where = machine()
    try:
        shared, own = measure(asked, trackers, sizes)
    finally:
        if not asked.keep:
            shutil.rmtree(STORES, ignore_errors=True)
    marks: list[str] = []
    for rows, columns in ((shared, trackers), (own, trackers[:1])):
        if rows:
            print("\n" + text_table(table(rows, columns, marks)))
    print("\n" + "\n".join(notes(marks)))
    for name, reason in absent.items():
        print(f"{name} is missing: {reason}")
    rounds = (
        f"Medians of {sizes.rounds} fresh processes each ({sizes.read_rounds} for tables and "
        f"curves, {sizes.crowd_rounds} for crowds, {sizes.kills} kills), trackers in turn; what "
        "was stored is read back, and ✗ marks what is missing or missed."
    )
    text = markdown(shared, own, trackers, found, absent, where, rounds)
    (FOLDER / "results.md").write_text(text, "utf-8")
    results = to_json([*shared, *own], found, absent, where)
    (FOLDER / "results.json").write_text(results, "utf-8")
    print(f"\n{FOLDER / 'results.json'}, {FOLDER / 'results.md'}")
    if asked.readme and not put_into(ROOT / "README.md", text):
        print("README.md has no <!-- bench --> and <!-- /bench -->: nothing was put into it.")


if __name__ == "__main__":
    main()

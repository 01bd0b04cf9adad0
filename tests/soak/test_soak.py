"""Eight writers on one store, killed again and again: the short form of ``make soak``."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from soak_report import save, soak, table


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the places are hit with forked writers")
def test_nothing_is_lost_or_doubled_while_writers_are_killed_everywhere(tmp_path: Path) -> None:
    """Also in each place of the merge and the compaction; ``SOAK_SEED`` gives the seed."""
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1_000_000))
    report = soak(tmp_path / "soak", seconds=25.0, seed=seed, pause=0.2)
    save(report, "soak-short")
    print(table(report))
    assert not report["faults"], table(report)
    assert report["counts"]["acknowledged"] > 0

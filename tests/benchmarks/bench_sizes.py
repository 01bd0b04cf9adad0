"""How much is measured: in full, quickly, and hardly at all (to see that it works)."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["FULL", "QUICK", "TINY", "Sizes"]


@dataclass(frozen=True)
class Sizes:
    """Sizes and limits; all times in seconds.

    Attributes
    ----------
    rounds
        Processes for each measurement and tracker, one after the other in turn.
    lives, life_limit
        Runs that one process lives through, and the time after which it stops.
    visible
        Runs that another process waits for.
    steps, hot_limit
        Calls of ``log`` in the hot loop, and the time after which it stops.
    tables
        Runs, params and metrics of the tables that are read.
    fill_limit
        How long making a store for a table or a curve may take.
    read_rounds
        Processes that read each table and the curve.
    curve
        Points of the curve.
    kills
        Processes killed for each tracker.
    writers
        How many processes write one store at once.
    crowd_rounds
        How often they do.
    writer_steps, writer_limit
        Calls of each, and the time after which it stops.
    paced
        How long the paced writers and the reader beside them go on.
    background
        How long merging in the background is watched.
    points
        Points in the store whose size is measured.
    cells
        Cells run with and without ``%%track``.
    """

    rounds: int = 3
    lives: int = 200
    life_limit: float = 2.5
    visible: int = 5
    steps: int = 20_000
    hot_limit: float = 6.0
    tables: tuple[tuple[int, int, int], ...] = (
        (1_000, 20, 10),
        (10_000, 20, 10),
        (500, 2_000, 10_000),
    )
    fill_limit: float = 30.0
    read_rounds: int = 3
    curve: int = 100_000
    kills: int = 4
    writers: tuple[int, ...] = (4, 8)
    crowd_rounds: int = 2
    writer_steps: int = 5_000
    writer_limit: float = 4.0
    paced: float = 15.0
    background: float = 15.0
    points: int = 10_000_000
    cells: int = 150


FULL = Sizes()
QUICK = replace(
    FULL,
    rounds=1,
    life_limit=1.0,
    visible=3,
    hot_limit=2.0,
    tables=((1_000, 20, 10), (10_000, 20, 10)),
    fill_limit=4.0,
    read_rounds=1,
    kills=1,
    writers=(4,),
    crowd_rounds=1,
    writer_steps=1_000,
    writer_limit=2.0,
    paced=5.0,
    background=5.0,
    points=1_000_000,
    cells=60,
)
TINY = replace(
    QUICK,
    lives=5,
    visible=1,
    steps=500,
    hot_limit=1.0,
    tables=((20, 5, 5), (40, 5, 5)),
    fill_limit=2.0,
    curve=2_000,
    writers=(2,),
    writer_steps=100,
    paced=1.0,
    background=1.0,
    points=30_000,
    cells=5,
)

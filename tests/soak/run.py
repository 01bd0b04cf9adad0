"""Let many processes log to one store while they are killed, and see that nothing is lost.

``make soak``, or ``python tests/soak/run.py --minutes 10 --seed 1``. Eight writers, which are
killed with ``kill -9`` at random and in the places of `soak_places.PLACES`, two readers that
never stop, and a process that holds the file with plain duckdb now and then. The figures are
printed, and written to ``build/soak/``; it ends with 1 when anything was wrong.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from pathlib import Path

from soak_report import ROOT, save, soak, table


def main() -> int:
    """Run one from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--pause", type=float, default=0.5, help="mean seconds between two kills")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "soak" / "store")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.folder}", flush=True)
    shutil.rmtree(options.folder, ignore_errors=True)
    report = soak(
        options.folder, seconds=60 * options.minutes, seed=options.seed, pause=options.pause
    )
    print(table(report), f"\n{save(report, 'soak')}", flush=True)
    return 1 if report["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())

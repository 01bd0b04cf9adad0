"""A process that now and then opens the store's file with plain duckdb: ``FOLDER SEED``.

For moments up to seconds, to read or to write, as somebody's ``duckdb`` shell does; the file
is then shut to everybody else. Prints one line of JSON for each time.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import duckdb
from soak_world import Control, World


def hold(path: Path, seconds: float, *, read_only: bool) -> str:
    """Hold the file, once nobody else does; says how that went."""
    deadline = time.monotonic() + 2.0
    while True:
        try:
            with duckdb.connect(path, read_only=read_only) as con:
                con.execute("SELECT count(*) FROM v_history").fetchall()
                time.sleep(seconds)
            return "held to read" if read_only else "held to write"
        except duckdb.IOException as error:
            if "lock" not in str(error):
                raise
            if time.monotonic() > deadline:
                return "not got"
            time.sleep(0.01)


def main() -> None:
    world = World(Path(sys.argv[1]))
    chance = random.Random(int(sys.argv[2]))
    control = Control(world)
    while not control.stopping:
        time.sleep(chance.uniform(2.0, 8.0))
        if not world.store.exists() or control.stopping:
            continue
        began = time.monotonic()
        how = hold(
            world.store, chance.choice((0.1, 0.3, 1.0, 2.5)), read_only=chance.random() < 0.5
        )
        print(json.dumps({"how": how, "seconds": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    main()

"""Print what is inferred right, falsely and not at all: ``python tests/inference/report.py``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from labelled_cells import NOTEBOOKS, run_notebook, scores

cells = []
for path in sorted(NOTEBOOKS.glob("*.ipy")):
    with tempfile.TemporaryDirectory() as folder:
        cells += run_notebook(path, Path(folder))
print(f"{len(cells)} cells")
for what, score in scores(cells).items():
    print(
        f"{what:9} precision {score.precision:.3f}  recall {score.recall:.3f}  right {score.right}"
    )
    for kind, names in (("false", score.false), ("missed", score.missed)):
        print(f"   {kind}: {'; '.join(names) or 'none'}")

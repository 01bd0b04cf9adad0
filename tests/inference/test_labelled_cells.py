"""What is inferred of cells, against what people want recorded of them."""

from __future__ import annotations

import pytest
from labelled_cells import NOTEBOOKS, Cell, run_notebook, scores

PATHS = sorted(NOTEBOOKS.glob("*.ipy"))


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    found = []
    for path in PATHS:
        found += run_notebook(path, tmp_path_factory.mktemp(path.stem))
    return found


def test_there_are_enough_cells_of_every_kind(cells: list[Cell]) -> None:
    assert len(cells) >= 100
    assert sum(cell.is_run for cell in cells) >= 50
    assert sum(not cell.is_run for cell in cells) >= 30


@pytest.mark.parametrize("what", ["params", "metrics", "datasets", "runs"])
def test_nearly_all_that_is_wanted_is_inferred_and_little_else(
    cells: list[Cell], what: str
) -> None:
    score = scores(cells)[what]
    assert score.precision >= 0.95, score.false
    assert score.recall >= 0.90, score.missed

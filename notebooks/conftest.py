"""What a notebook that nbval runs finds: an empty home, and an empty store of its own."""

from __future__ import annotations

import os

import pytest
from nbval.kernel import RunningKernel


def execute_as_a_front_end(kernel: RunningKernel, source: str, allow_stdin: bool = False) -> str:
    """Ask for execution as JupyterLab does; nbval's own way keeps no history.

    Without history a ``;`` at the end of a cell hides nothing, and no cell gets a number.
    """
    return kernel.kc.execute(source, allow_stdin=allow_stdin, stop_on_error=False)


RunningKernel.execute_cell_input = execute_as_a_front_end


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set it before nbval starts the kernel, which inherits it: that is at its first cell."""
    factory: pytest.TempPathFactory = item.config._tmp_path_factory  # type: ignore[attr-defined]
    folder = factory.getbasetemp() / "notebooks" / item.path.stem
    folder.mkdir(parents=True, exist_ok=True)
    for name in list(os.environ):
        if name.startswith(("CELLTRAIL_", "JUPYTER_", "JPY_", "IPYTHON")):
            del os.environ[name]
    os.environ["CELLTRAIL_STORE"] = str(folder / "celltrail.duckdb")
    os.environ["HOME"] = os.environ["USERPROFILE"] = str(folder)
    os.environ["JUPYTER_PLATFORM_DIRS"] = "1"

"""An experiment tracker for notebooks: the cell is the experiment.

``%load_ext celltrail`` and ``%%track`` record a cell as a run; ``with track(...)``, the
decorator ``@track`` and ``start()`` do the same for blocks, functions and several cells.
``runs()`` reads them back. Everything is in one DuckDB file.

The names are resolved when they are first used: ``import celltrail`` imports neither
duckdb nor pandas, and altair only when a chart is drawn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from celltrail._version import __version__

if TYPE_CHECKING:
    from celltrail.api import (
        compare,
        export_html,
        last_run,
        metric,
        run,
        runs,
        sql,
        table,
        use,
    )
    from celltrail.capture.ignoring import ignore
    from celltrail.errors import CelltrailError, CelltrailWarning
    from celltrail.query import Condition, Run, Runs, when
    from celltrail.record import (
        ActiveRun,
        Audio,
        Histogram,
        RunHandle,
        current_run,
        log,
        log_artifact,
        log_model,
        log_params,
        resume,
        start,
        tag,
        track,
    )
    from celltrail.upkeep import (
        delete,
        deleted_runs,
        export_store,
        import_store,
        merge,
        prune,
        purge,
        restore,
        vacuum,
    )
    from celltrail.views import plot

__all__ = [
    "ActiveRun",
    "Audio",
    "CelltrailError",
    "CelltrailWarning",
    "Condition",
    "Histogram",
    "Run",
    "RunHandle",
    "Runs",
    "__version__",
    "compare",
    "current_run",
    "delete",
    "deleted_runs",
    "export_html",
    "export_store",
    "ignore",
    "import_store",
    "last_run",
    "log",
    "log_artifact",
    "log_model",
    "log_params",
    "merge",
    "metric",
    "plot",
    "prune",
    "purge",
    "restore",
    "resume",
    "run",
    "runs",
    "sql",
    "start",
    "table",
    "tag",
    "track",
    "use",
    "vacuum",
    "when",
]

_HOMES = {
    "celltrail.api": (
        "compare",
        "export_html",
        "last_run",
        "metric",
        "run",
        "runs",
        "sql",
        "table",
        "use",
    ),
    "celltrail.capture.ignoring": ("ignore",),
    "celltrail.errors": ("CelltrailError", "CelltrailWarning"),
    "celltrail.query": ("Condition", "Run", "Runs", "when"),
    "celltrail.record": (
        "ActiveRun",
        "Audio",
        "Histogram",
        "RunHandle",
        "current_run",
        "log",
        "log_artifact",
        "log_model",
        "log_params",
        "resume",
        "start",
        "tag",
        "track",
    ),
    "celltrail.upkeep": (
        "delete",
        "deleted_runs",
        "export_store",
        "import_store",
        "merge",
        "prune",
        "purge",
        "restore",
        "vacuum",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import what is asked for, at its first use (PEP 562)."""
    if name == "plot":
        value = import_module("celltrail.views.plot")
    elif name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
    else:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """Serve ``%load_ext celltrail``."""
    import_module("celltrail.ipython.extension").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Serve ``%unload_ext celltrail``."""
    import_module("celltrail.ipython.extension").unload(shell)

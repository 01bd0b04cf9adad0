"""Settings: where the store is, and whether celltrail is on.

An argument wins over what was set in this process (``ct.use``, ``%load_ext`` time),
that over the environment (``CELLTRAIL_STORE``, ``CELLTRAIL_DISABLED``), and that over
``[tool.celltrail]`` in the nearest ``pyproject.toml``.
"""

from __future__ import annotations

import os
import sys
import tomllib
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from celltrail.errors import CelltrailWarning

__all__ = ["STORE_NAME", "Config", "is_disabled", "notebook_path", "resolve_store", "use_store"]

STORE_NAME = "celltrail.duckdb"

# Programs that run other people's code: their own file says nothing about it.
_LAUNCHERS = {"ipykernel", "ipykernel_launcher", "ipython", "IPython", "pytest"}
_FALSE = {"", "0", "false", "no", "off"}
_chosen: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What ``[tool.celltrail]`` says.

    Parameters
    ----------
    store
        Path of the store, or None for the default place.
    disabled
        Whether celltrail does nothing at all.
    """

    store: Path | None = None
    disabled: bool = False


def _ancestors(start: Path) -> list[Path]:
    return [start, *start.parents]


def _read_config(start: Path) -> Config:
    """Read ``[tool.celltrail]`` of the nearest ``pyproject.toml`` at or above ``start``."""
    for folder in _ancestors(start):
        file = folder / "pyproject.toml"
        try:
            changed = file.stat().st_mtime_ns
        except OSError:
            continue
        return _parse(file, changed)
    return Config()


@lru_cache(maxsize=16)
def _parse(file: Path, _changed: int) -> Config:
    """Read one file, once for each of its versions: every run asks for it."""
    try:
        table: Any = tomllib.loads(file.read_text("utf-8")).get("tool", {}).get("celltrail", {})
        store = table.get("store")
        return Config(
            store=file.parent / Path(store).expanduser() if store is not None else None,
            disabled=bool(table.get("disabled", False)),
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        warnings.warn(
            f"celltrail: [tool.celltrail] in {file} cannot be read ({error}); "
            "the defaults are used.",
            CelltrailWarning,
            stacklevel=4,
        )
        return Config()


def notebook_path() -> Path | None:
    """Give the path of the notebook or script that runs here, if the front end says it.

    Returns
    -------
    Path or None
        What jupyter-server puts into ``JPY_SESSION_NAME``, or the script that Python was
        started with; None where neither is known (a console, nbclient).

    Notes
    -----
    jupyter-server gives the path at the start of the kernel: a notebook that is renamed
    later keeps its old name here.
    """
    name = os.environ.get("JPY_SESSION_NAME", "")
    if name.endswith(".ipynb"):
        path = Path(name)
        return path if path.is_absolute() else Path.cwd() / path.name
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if not script or Path(script).stem in _LAUNCHERS or Path(script).parent.name in _LAUNCHERS:
        return None
    return Path(script).absolute()


def use_store(path: Path | None) -> None:
    """Set the store of this process, or with None go back to the default."""
    global _chosen
    _chosen = None if path is None else Path(path).expanduser().absolute()


def resolve_store(path: str | os.PathLike[str] | None = None) -> Path:
    """Say which file the store is.

    Parameters
    ----------
    path
        An explicit choice, which wins over everything.

    Returns
    -------
    Path
        An absolute path; the file need not exist yet.

    Notes
    -----
    Without any setting it is ``celltrail.duckdb`` in the nearest folder upward that has
    one, else in the current folder, which in a notebook is the notebook's.
    """
    if path is not None:
        return Path(path).expanduser().absolute()
    if _chosen is not None:
        return _chosen
    named = os.environ.get("CELLTRAIL_STORE")
    if named:
        return Path(named).expanduser().absolute()
    here = Path.cwd()
    config = _read_config(here)
    if config.store is not None:
        return config.store.absolute()
    for folder in _ancestors(here):
        if (folder / STORE_NAME).is_file():
            return folder / STORE_NAME
    return here / STORE_NAME


def is_disabled() -> bool:
    """Say whether celltrail is switched off, by ``CELLTRAIL_DISABLED`` or the config."""
    value = os.environ.get("CELLTRAIL_DISABLED")
    if value is not None:
        return value.strip().lower() not in _FALSE
    return _read_config(Path.cwd()).disabled

"""Settings: where the store is, and whether celltrail is on.

An argument wins over what was set in this process (``ct.use``, ``%load_ext`` time),
that over the environment (``CELLTRAIL_STORE``, ``CELLTRAIL_DISABLED``), and that over
``[tool.celltrail]`` in the nearest ``pyproject.toml``.
"""

from __future__ import annotations

import os
import sys
import time
import tomllib
import warnings
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from celltrail.errors import CelltrailWarning, OptionError, UsageError

__all__ = [
    "STORE_NAME",
    "Config",
    "is_disabled",
    "notebook_path",
    "read_retention",
    "resolve_store",
    "settings",
    "tell_notebook",
    "use_store",
]

STORE_NAME = "celltrail.duckdb"

# Programs that run other people's code: their own file says nothing about it.
_LAUNCHERS = {"ipykernel", "ipykernel_launcher", "ipython", "IPython", "pytest"}
_FALSE = {"", "0", "false", "no", "off"}
#: Seconds that a change of the config may go unseen.
_MOMENT = 1.0
#: How much is recorded, from least to most.
LEVELS = ("values", "code", "full")
_chosen: Path | None = None
# Where this process looked for its store first: a later os.chdir does not split its runs.
_home: Path | None = None
_told_notebook: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What ``[tool.celltrail]`` says.

    Parameters
    ----------
    store
        Path of the store, or None for the default place.
    disabled
        Whether celltrail does nothing at all.
    capture
        How much is recorded of a cell. ``"full"``: all. ``"code"``: no outputs, and of
        datasets no names of columns. ``"values"``: only params, metrics and their context: no
        code, no outputs, no changes in git, no text around the cell.
    redact
        Regular expressions of what is secret, beside what is known to be.
    capture_cells
        Whether every executed cell is noted, also those that are not tracked.
    auto
        Whether ``%load_ext celltrail`` begins ``%track --auto``.
    infer
        Whether params and metrics are inferred.
    ignore
        Patterns of names, such as ``tmp_*``, that nothing is inferred from.
    system_metrics
        Whether the use of the processor, the memory and NVIDIA's GPUs is sampled while a run
        goes on.
    live
        Whether a cell that runs for a while shows how it is doing.
    saved_kb
        How many kB of still pictures a view leaves in the saved notebook, at most. With 0 it
        leaves a sentence.
    """

    store: Path | None = None
    disabled: bool = False
    capture: str = "full"
    redact: tuple[str, ...] = ()
    capture_cells: bool = True
    auto: bool = False
    infer: bool = True
    ignore: tuple[str, ...] = ()
    system_metrics: bool = True
    live: bool = True
    saved_kb: int = 1_000


def _ancestors(start: Path) -> list[Path]:
    return [start, *start.parents]


def _read_config(start: Path) -> Config:
    """Read ``[tool.celltrail]`` of the nearest ``pyproject.toml`` at or above ``start``."""
    for file in _config_files(start):
        try:
            changed = os.stat(file).st_mtime_ns  # noqa: PTH116  # 5 times faster
        except OSError:
            continue
        return _parse(Path(file), changed)
    return Config()


@lru_cache(maxsize=16)
def _config_files(start: Path) -> tuple[str, ...]:
    return tuple(str(folder / "pyproject.toml") for folder in _ancestors(start))


@lru_cache(maxsize=16)
def _parse(file: Path, _changed: int) -> Config:
    """Read one file, once for each of its versions: every run asks for it."""
    try:
        table: Any = tomllib.loads(file.read_text("utf-8")).get("tool", {}).get("celltrail", {})
        store = table.get("store")
        return Config(
            store=file.parent / Path(store).expanduser() if store is not None else None,
            disabled=bool(table.get("disabled", False)),
            **_options(dict(table), file),
        )
    except (OSError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        _warn(f"[tool.celltrail] in {file} cannot be read ({error}); the defaults are used.")
        return Config()


def _options(table: dict[str, Any], file: Path) -> dict[str, Any]:
    """Check the other settings; one that is of no use is a warning, and its default holds."""
    found: dict[str, Any] = {}
    known = {field.name: field.default for field in fields(Config)}
    for name, value in table.items():
        if name in ("store", "disabled", "retention"):
            continue
        where = f"[tool.celltrail] in {file}: {name}"
        if name not in known:
            near = get_close_matches(name, known, n=1)
            _warn(f"{where} is no setting{f'; did you mean {near[0]}?' if near else '.'}")
        elif _fits(name, value, known[name]):
            found[name] = tuple(value) if isinstance(value, list) else value
        else:
            kinds = {
                "capture": f"one of {', '.join(LEVELS)}",
                "redact": "a list of texts",
                "saved_kb": "a whole number, 0 or more",
            }
            kind = kinds.get(name, "true or false" if type(known[name]) is bool else "a list")
            _warn(f"{where} must be {kind}, it is {value!r}; the default is used.")
    return found


def _fits(name: str, value: object, default: object) -> bool:
    """Say whether a value is of the kind that a setting has."""
    if name == "capture":
        return value in LEVELS
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if type(default) is int:
        return type(value) is int and value >= 0
    return isinstance(value, bool)


def settings(*, anew: bool = False) -> Config:
    """Give the settings of this process.

    Parameters
    ----------
    anew
        Whether the file is looked at in any case, and not only once a second.

    Returns
    -------
    Config
        What ``[tool.celltrail]`` says; ``CELLTRAIL_CAPTURE`` in the environment wins over
        its ``capture``.

    Examples
    --------
    >>> settings().capture_cells
    True
    """
    config = _recent_config(_folder(), anew)
    level = os.environ.get("CELLTRAIL_CAPTURE")
    if level is None or level == config.capture:
        return config
    if level not in LEVELS:
        _warn(f"CELLTRAIL_CAPTURE must be one of {', '.join(LEVELS)}, it is {level!r}.")
        return config
    return replace(config, capture=level)


_recent: tuple[float, Path | None, Config] = (0.0, None, Config())


def _recent_config(folder: Path, anew: bool) -> Config:
    """Read the config, or give what it was a moment ago: a cell asks for it a dozen times."""
    global _recent
    now = time.monotonic()
    read, of, config = _recent
    if anew or of is not folder or now - read > _MOMENT:
        config = _read_config(folder)
        _recent = now, folder, config
    return config


@lru_cache(maxsize=64)
def _warn(message: str) -> None:
    """Warn once, and go on where warnings are errors: settings are read in the user's cell.

    The store has the like of it, which this module is below of.
    """
    said = f"celltrail: {message}"
    try:
        warnings.warn(said, CelltrailWarning, stacklevel=5)
    except CelltrailWarning:
        if sys.stderr is not None:
            sys.stderr.write(f"{said}\n")


def read_retention() -> dict[str, Any]:
    """Give ``[tool.celltrail.retention]`` of the nearest ``pyproject.toml``, empty without it.

    Raises
    ------
    OptionError
        When it cannot be read: a rule by which runs are removed is not guessed at.
    """
    for folder in _ancestors(_folder()):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            table: Any = tomllib.loads(file.read_text("utf-8"))
            found = table.get("tool", {}).get("celltrail", {}).get("retention", {})
            if not isinstance(found, dict):
                message = "it is no table"
                raise TypeError(message)
            return dict(found)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            message = f"[tool.celltrail.retention] in {file} cannot be read ({error})."
            raise OptionError(message) from error
    return {}


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
    name = _told_notebook or os.environ.get("JPY_SESSION_NAME", "")
    if name.endswith(".ipynb"):
        path = Path(name)
        return path if path.is_absolute() else _folder() / path.name
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if not script or Path(script).stem in _LAUNCHERS or Path(script).parent.name in _LAUNCHERS:
        return None
    return _folder() / str(script)  # which is the script itself where that is absolute


def tell_notebook(path: str | None) -> None:
    """Say which notebook this is, where the front end tells it in another way."""
    global _told_notebook
    _told_notebook = path


def use_store(path: Path | None) -> None:
    """Set the store of this process, or with None go back to the default."""
    global _chosen, _home
    _chosen = None if path is None else _real(path)
    _home = None


def _real(path: str | os.PathLike[str]) -> Path:
    """Give the one path of a file, so that a link and what it points to are one store.

    Raises
    ------
    UsageError
        When there cannot be a file.
    """
    try:
        real = Path(os.path.realpath(Path(path).expanduser()))
    except (OSError, ValueError, RuntimeError) as error:
        # No such user, a NUL, or a current folder that was deleted.
        message = f"there can be no store at {os.fspath(path)!r} ({error}); give another path."
        raise UsageError(message) from error
    if real.is_dir():
        message = f"{real} is a folder; give the path of a file, such as {real / STORE_NAME}."
        raise UsageError(message)
    return real


def _set(path: str | os.PathLike[str], where: str) -> Path | None:
    """Give the store of a setting, or with a warning None where there can be none."""
    try:
        return _real(path)
    except UsageError as error:
        _warn(f"{where}: {error} The default is used.")
        return None


def _folder() -> Path:
    """Give the folder that this process looks for its settings from."""
    global _home
    if _home is None:
        try:
            _home = Path.cwd()
        except OSError:  # the folder was deleted: the one where it was is as good as any
            return Path(os.environ.get("PWD") or "/")
    return _home


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

    Raises
    ------
    UsageError
        When there can be no file of the explicit path. A setting that is of no use is a
        warning, for it is read when a run begins.

    Notes
    -----
    Without any setting it is ``celltrail.duckdb`` in the nearest folder upward that has
    one, else in the current folder, which in a notebook is the notebook's. The current
    folder is that of the first time: a later ``os.chdir`` does not split the runs.
    """
    if path is not None:
        return _real(path)
    if _chosen is not None:
        return _chosen
    named = os.environ.get("CELLTRAIL_STORE")
    if named and (found := _set(named, "CELLTRAIL_STORE")) is not None:
        return found
    here = _folder()
    config = _read_config(here)
    if config.store is not None and (found := _set(config.store, "[tool.celltrail]")) is not None:
        return found
    for folder in _ancestors(here):
        if (folder / STORE_NAME).is_file():
            return _real(folder / STORE_NAME)
    return Path(os.path.realpath(here / STORE_NAME))


def is_disabled() -> bool:
    """Say whether celltrail is switched off, by ``CELLTRAIL_DISABLED`` or the config."""
    value = os.environ.get("CELLTRAIL_DISABLED")
    if value is not None:
        return value.strip().lower() not in _FALSE
    return _read_config(_folder()).disabled

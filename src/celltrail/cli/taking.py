"""``celltrail export``: runs or curves as a table, or the whole store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celltrail import api, upkeep
from celltrail.cli.output import frame_records, say, say_result
from celltrail.errors import ExportError, UsageError
from celltrail.store.upkeep import write_parquet
from celltrail.views.format import plural

if TYPE_CHECKING:
    import argparse

    import pandas as pd

__all__ = ["add_parser"]

_KINDS = (".csv", ".json", ".parquet")


def add_parser(commands: Any) -> None:
    """Add the subcommand to what ``ArgumentParser.add_subparsers()`` gave."""
    export = commands.add_parser(
        "export",
        help="write runs to a CSV, JSON or Parquet file, or the whole store",
        description="Write runs, or all points of metrics, to a file whose name ends in .csv, "
        ".json or .parquet; or the whole store, with its artifacts and a manifest.",
    )
    form = export.add_mutually_exclusive_group(required=True)
    form.add_argument("file", metavar="FILE", nargs="?", help="of runs, one a row")
    form.add_argument("--all", metavar="DIR", help="the store, to a new folder of Parquet files")
    form.add_argument("--bundle", metavar="FILE", help="the store, to one new file, a ZIP")
    export.add_argument("--where", metavar="FILTER", help="only runs that this holds for")
    export.add_argument(
        "--metric",
        action="append",
        metavar="NAME",
        help="the points of this metric, one a row, instead; may be given repeatedly",
    )
    export.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> int:
    if arguments.file is not None:
        return _table(arguments)
    if arguments.where or arguments.metric:
        message = "--where and --metric choose what goes into FILE; a store is written whole."
        raise UsageError(message)
    is_bundle = arguments.bundle is not None
    target = arguments.bundle if is_bundle else arguments.all
    say_result(upkeep.export_store(target, bundle=is_bundle))
    return 0


def _table(arguments: argparse.Namespace) -> int:
    path = Path(arguments.file).expanduser()
    if path.suffix.lower() not in _KINDS:
        message = f"{path} must end in .csv, .json or .parquet."
        raise UsageError(message)
    runs = api.runs(arguments.where)
    if arguments.metric:
        import pandas as pd

        parts = [runs.history(metric) for metric in arguments.metric]
        frame, noun = pd.concat(parts, ignore_index=True), "point"
    else:
        frame, noun = runs.df(system=True).reset_index(), "run"
    _write(frame, path)
    say(f"{path}: {plural(len(frame), noun)}")
    return 0


def _write(frame: pd.DataFrame, path: Path) -> None:
    kind = path.suffix.lower()
    if kind == ".parquet":
        write_parquet(_flat(frame), path)
        return
    if kind == ".csv":
        text = str(_flat(frame).to_csv(index=False, lineterminator="\n"))
    else:
        text = json.dumps(frame_records(frame), ensure_ascii=False, indent=1) + "\n"
    try:
        path.write_text(text, "utf-8", "backslashreplace", newline="\n")
    except OSError as error:
        raise ExportError(path, f"cannot be written: {error.strerror or error}") from error


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Write lists, mappings and columns of several types as JSON: a column has one type there."""
    # texts are objects too in pandas before 3
    objects = [name for name in frame.columns if frame[name].dtype == object]
    names = [name for name in objects if _is_mixed(frame[name])]
    made = {
        name: frame[name].map(
            lambda value: json.dumps(value, ensure_ascii=False, default=str), na_action="ignore"
        )
        for name in names
    }
    return frame.assign(**made) if made else frame


def _is_mixed(column: pd.Series[Any]) -> bool:
    return not all(isinstance(value, str) for value in column.dropna())

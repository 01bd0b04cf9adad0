"""The walls of the package: who may import whom, what is public, and how long a module gets."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import celltrail

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "celltrail"
MODULES = sorted(SOURCE.rglob("*.py"))

# Each of these costs 0.1 to 3 seconds, which nobody should wait for who only tracks a cell.
HEAVY = (
    "altair",
    "anywidget",
    "duckdb",
    "ipywidgets",
    "matplotlib",
    "nanoarrow",
    "numpy",
    "pandas",
)

# What differs between systems; only `store/system/` may know it.
SYSTEM_MODULES = {"fcntl", "msvcrt", "pwd", "resource", "winreg"}


def named(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_imports_point_one_way() -> None:
    """import-linter's contracts of pyproject.toml hold: layers, no loops, duckdb in one place."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_what_differs_between_systems_stands_in_one_place(path: Path) -> None:
    if "system" in path.relative_to(SOURCE).parts:
        return
    tree = ast.parse(path.read_text("utf-8"))
    assert not imported(tree) & SYSTEM_MODULES
    forks = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("fork", "forkpty")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert not forks, f"os.fork on lines {forks}"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_an_import_inside_a_function_is_of_a_heavy_library(path: Path) -> None:
    """Deferring an import of our own would only hide a loop."""
    tree = ast.parse(path.read_text("utf-8"))
    if path == SOURCE / "__init__.py":  # the public names are resolved lazily (PEP 562)
        return
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            own = {n for n in imported(function) if n.partition(".")[0] == "celltrail"}
            assert not own, f"{function.name} imports {', '.join(sorted(own))}"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_stays_under_400_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < 400


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_function_stays_under_60_lines(path: Path) -> None:
    """Fifty is the aim, docstring apart; sixty is where it must be cut."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1
            assert length < 60, f"{node.name} has {length} lines"


def test_all_names_what_is_public() -> None:
    """Every name of ``__all__`` exists, and nothing else is offered."""
    offered = {name: getattr(celltrail, name) for name in celltrail.__all__}
    assert len(celltrail.__all__) == len(set(celltrail.__all__))
    assert {n for n in dir(celltrail) if not n.startswith("_")} == {
        n for n in celltrail.__all__ if not n.startswith("_")
    }
    assert "annotations" not in offered


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        celltrail.no_such_name  # noqa: B018


def test_every_module_can_be_imported_and_says_what_is_public() -> None:
    for module in pkgutil.walk_packages(celltrail.__path__, "celltrail."):
        if module.name.endswith(("system.windows", "system.posix")):  # one of them fits
            continue
        loaded = importlib.import_module(module.name)
        assert loaded.__doc__, f"{module.name} has no docstring"
        for name in getattr(loaded, "__all__", ()):
            assert hasattr(loaded, name), f"{module.name} has no {name}"


def test_import_celltrail_imports_nothing_heavy() -> None:
    """`import celltrail` in a fresh interpreter leaves the heavy libraries unloaded."""
    code = "import sys, celltrail; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())
    assert "IPython" not in done.stdout.split()

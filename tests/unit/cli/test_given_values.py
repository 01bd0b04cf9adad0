"""The values of ``celltrail run -p``: read, and put into scripts and notebooks."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celltrail.cli import main
from celltrail.cli.given import assigned, assignments, parse_given
from celltrail.cli.notebook import with_params
from celltrail.errors import UsageError

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=1e-3", 0.001),
        ("x = 7 ", 7),
        ("x=true", True),
        ("x=False", False),
        ("x=null", None),
        ("x=inf", math.inf),
        ("x=-inf", -math.inf),
        ("x={[1]: 2}", "{[1]: 2}"),
        ("x=(3, 3)", (3, 3)),
        ("x=", ""),
        ("x=a=b", "a=b"),
        ("x=resnet-50", "resnet-50"),
        ("x='0.1'", "0.1"),
        ("x=[1, 2.5, 'a']", [1, 2.5, "a"]),
        ("x={'a': [1]}", {"a": [1]}),
        ("x={1, 2}", "{1, 2}"),
        ("x=__import__('os')", "__import__('os')"),
        ("größe=3", 3),
    ],
)
def test_values_are_read(text: str, value: object) -> None:
    found = parse_given([text])
    assert list(found.values()) == [value]
    assert type(next(iter(found.values()))) is type(value)


@pytest.mark.parametrize("text", ["lr", "=1", "a b=1", "1x=2", "class=2", "a.b=1", ""])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="name=value"):
        parse_given([text])


@given(value=_VALUES)
def test_any_value_comes_to_the_script_as_it_is(value: Any) -> None:
    names: dict[str, Any] = {}
    exec(assignments({"x": value}), names)
    assert repr(names["x"]) == repr(value)


def changed(code: str, **values: object) -> dict[str, Any]:
    names: dict[str, Any] = {}
    tree = assigned(ast.parse(code), values, "s.py")
    exec(compile(tree, "s.py", "exec"), names)
    return names


def test_the_first_assignment_at_the_top_level_takes_the_value() -> None:
    code = "def f():\n    lr = 5\n\nlr = 1\nn: int = 2\ntwice = lr * 2\nlr = lr + 1\n"
    names = changed(code, lr=10, n=3)
    assert (names["twice"], names["lr"], names["n"]) == (20, 11, 3)


@pytest.mark.parametrize("code", ["a = lr = 1", "lr, b = 1, 2", "lr: int", "if True:\n    lr = 1"])
def test_a_name_that_the_script_does_not_assign_so_is_refused(code: str) -> None:
    with pytest.raises(UsageError, match=r"-p lr: s\.py assigns no lr at its top level"):
        changed(code, lr=2)


def notebook(*tags: list[str]) -> Any:
    cells = [
        nbformat.v4.new_code_cell(f"a = {i}", metadata={"tags": t}) for i, t in enumerate(tags)
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("tags", "place"),
    [
        ([[], ["parameters"], []], 2),
        ([[], []], 0),
        ([["parameters"], ["injected-parameters"], []], 1),
        ([], 0),
    ],
)
def test_a_cell_with_the_values_stands_behind_the_tagged_one(
    tags: list[list[str]], place: int
) -> None:
    found = with_params(notebook(*tags), {"lr": 0.5})
    assert found.cells[place].source == "lr = 0.5"
    injected = [c for c in found.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert injected == [found.cells[place]]
    nbformat.validate(found)


def test_an_old_notebook_stays_valid() -> None:
    old = notebook([])
    old.nbformat_minor = 4
    del old.cells[0]["id"]
    nbformat.validate(with_params(old, {"lr": 0.5}))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.py"], "there is no file missing.py"),
        (["."], "there is no file ."),
        (["-p", "lr", "train.py"], "-p lr: a param is given as name=value"),
        (["-o", "x.ipynb", "train.py"], "--output is for notebooks"),
        (["--auto", "train.py"], "--auto is for notebooks"),
        (["--name", "x", "one.ipynb"], "--name is a script's"),
        (["one.ipynb", "-p", "a=1"], "a notebook takes no arguments (-p a=1)"),
        (["broken.ipynb"], "broken.ipynb cannot be read as a notebook"),
        (["list.ipynb"], "list.ipynb cannot be read as a notebook"),
        (["--kernel", "none-such", "one.ipynb"], "there is no kernel 'none-such'"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("lr = 1\n")
    Path("broken.ipynb").write_text("{")
    Path("list.ipynb").write_text("[1]")
    nbformat.write(nbformat.v4.new_notebook(), "one.ipynb")
    assert main(["run", *arguments]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("celltrail: ")
    assert says in said.err
    assert len(said.err.splitlines()) == 1

"""What a cell reads and binds, told from its source."""

from __future__ import annotations

import pytest

from celltrail.capture.binds import BindKind
from celltrail.capture.names import MAX_SOURCE, analyse


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("y = x", {"x"}),
        ("x = 1\ny = x", set()),
        ("y = x\nx = 1", {"x"}),
        ("if c:\n    x = 1\ny = x", {"c", "x"}),
        ("if c:\n    x = 1\nelse:\n    x = 2\ny = x", {"c"}),
        ("for i in a:\n    s = i\nt = s", {"a", "s"}),
        ("[i * k for i in a if i < lim]", {"a", "k", "lim"}),
        ("{k: v for k, v in d.items()}", {"d"}),
        ("(n := len(a)) + n", {"a", "len"}),
        ("try:\n    x = f()\nexcept E:\n    x = g\ny = x", {"f", "E", "g"}),
        ("with open(p) as f:\n    t = f.read()", {"open", "p"}),
        ("x[i] = v", {"x", "i", "v"}),
        ("o.a = v", {"o", "v"}),
        ("x += y", {"y"}),
        ("i = i + 1", set()),
        ("x = x * 2", {"x"}),
        ("del x\ny = x", {"x"}),
        ("class A(B):\n    z = q\n    def m(self): return w", {"B", "q"}),
        ("match v:\n    case {'a': p, **r}:\n        u = p", {"v"}),
        ("async for i in agen():\n    await i", {"agen"}),
        ("def f(a=d): return a", {"d"}),
        ("print(f'{x:>{w}}')", {"print", "x", "w"}),
        ("import a.b as c\nc.d", set()),
    ],
)
def test_reads_are_the_names_whose_value_comes_from_before(code: str, reads: set[str]) -> None:
    names = analyse(code)
    assert names is not None
    assert set(names.reads) == reads


def test_function_bodies_are_read_late() -> None:
    names = analyse("def fit(a):\n    b = a\n    return b * lr\nf = lambda q: q + w")
    assert names is not None
    assert names.late == {"lr": "fit()", "w": "lambda"}
    assert not names.reads


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("v = 1", BindKind.LITERAL),
        ("v = -1.5e3", BindKind.LITERAL),
        ("v = 60 * 60", BindKind.LITERAL),
        ("v = [1, {'a': None}]", BindKind.LITERAL),
        ("v: int = 3", BindKind.LITERAL),
        ("u, v = 1, 2", BindKind.LITERAL),
        ("u = v = 3", BindKind.LITERAL),
        ("v = 9 ** 9 ** 9", BindKind.COMPUTED),
        ("v = f(1)", BindKind.COMPUTED),
        ("u, v = f()", BindKind.COMPUTED),
        ("v += loss", BindKind.COMPUTED),
        ("v = f'{x}'", BindKind.COMPUTED),
        ("v += 1", BindKind.COUNTER),
        ("v = v + 1", BindKind.COUNTER),
        ("v = len(x)", BindKind.SIZE),
        ("v = df.shape[0]", BindKind.SIZE),
        ("u, v = X.shape", BindKind.SIZE),
        ("v = time.time()", BindKind.SIZE),
        ("v = other", BindKind.COPY),
        ("for v in x: pass", BindKind.LOOP),
        ("for u, v in x: pass", BindKind.LOOP),
        ("import v", BindKind.OTHER),
        ("def v(): pass", BindKind.OTHER),
        ("with f() as v: pass", BindKind.OTHER),
    ],
)
def test_each_binding_says_by_what(code: str, kind: BindKind) -> None:
    names = analyse(code)
    assert names is not None
    assert [bind.kind for bind in names.binds["v"]] == [kind]


def test_comprehensions_and_functions_bind_nothing_outside() -> None:
    names = analyse("[i for i in x]\ndef f():\n    inside = 1")
    assert names is not None
    assert set(names.binds) == {"f"}


def test_lines_inside_of_cell_magics_are_those_of_the_cell() -> None:
    code = "get_ipython().run_cell_magic('time', '', 'a = 1\\nb = f(c)\\n')\n"
    names = analyse(code, line_count=4)  # two head lines above the body
    assert names is not None
    assert [names.binds[n][0].line for n in "ab"] == [3, 4]
    assert set(names.reads) == {"f", "c"}


def test_line_magics_that_run_code_are_looked_into() -> None:
    names = analyse("x = 1\nget_ipython().run_line_magic('time', '--no-raise-error y = f(x)')")
    assert names is not None
    assert names.binds["y"][0].line == 2
    assert set(names.reads) == {"f"}


def test_timeit_reads_but_binds_nothing() -> None:
    names = analyse("get_ipython().run_cell_magic('timeit', '', 'y = f(x)\\n')")
    assert names is not None
    assert not names.binds
    assert set(names.reads) == {"f", "x"}


def test_other_magics_are_no_code() -> None:
    names = analyse("get_ipython().run_cell_magic('bash', '', 'a = 1\\n')")
    assert names is not None
    assert not names.binds


@pytest.mark.parametrize("code", ["x = ", "\0", "x = 1\n" * MAX_SOURCE, "(" * 500 + ")" * 500])
def test_what_cannot_be_read_is_none_and_no_error(code: str) -> None:
    assert analyse(code) is None

"""Whether a cell is worth a run when nobody asked for one: whether it computes something."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from celltrail.capture.literals import NOT_LITERAL, literal_value
from celltrail.capture.looks import call_name, is_look, is_setting_call
from celltrail.capture.magics import is_ipython_call, magic_code
from celltrail.capture.names import MAX_SOURCE
from celltrail.capture.parse import parse_quietly
from celltrail.capture.plots import PLOT_MODULES, draws, is_figure, names_of_plots

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["Rule", "Verdict", "worth"]


class Rule(IntEnum):
    """By which rule a cell is, or is not, a run; of several parts the greatest counts."""

    EMPTY = 0
    MAGIC = 1
    IMPORTS = 2
    DEFINITIONS = 3
    SETTINGS = 4
    LOOK = 5
    PLOT = 6
    COMPUTES = 7
    UNREADABLE = 8


_BECAUSE = {
    Rule.EMPTY: "there is no code in it",
    Rule.MAGIC: "it holds only magics and shell commands",
    Rule.IMPORTS: "it only imports",
    Rule.DEFINITIONS: "it only defines functions and classes",
    Rule.SETTINGS: "it only assigns literals and sets options",
    Rule.LOOK: "it only shows what is there",
    Rule.PLOT: "it only draws what is there",
    Rule.COMPUTES: "{what} on line {line} computes something",
    Rule.UNREADABLE: "its code cannot be read",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a cell is a run, and why.

    Parameters
    ----------
    is_run
        Whether it is.
    rule
        The rule's name, such as ``"computes"`` or ``"imports"``.
    because
        The end of a sentence that begins with "this cell is (not) a run because".
    """

    is_run: bool
    rule: str
    because: str


@lru_cache(maxsize=256)
def worth(
    code: str, plotting: frozenset[str] = frozenset(), others: frozenset[str] = frozenset()
) -> Verdict:
    """Say whether a cell is worth a run.

    Parameters
    ----------
    code
        The cell as Python, that is, after IPython's transformations.
    plotting
        Names of the notebook that are known to draw: aliases of plotting libraries.
    others
        Names that go for such aliases elsewhere, but not in this notebook.

    Returns
    -------
    Verdict
        Cells that only import, define, set literals and options, draw, show what is there
        or run magics are no runs. Everything else computes something.

    Examples
    --------
    >>> worth("import numpy as np").because
    'it only imports'
    >>> worth("scores = fit(x)")
    Verdict(is_run=True, rule='computes', because='fit() on line 1 computes something')
    """
    try:
        body = parse_quietly(code).body if len(code) <= MAX_SOURCE else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Verdict(False, Rule.UNREADABLE.name.lower(), _BECAUSE[Rule.UNREADABLE])
    judge = _Judge((PLOT_MODULES | plotting) - others)
    try:
        rule = judge.body(body)
    except RecursionError:
        rule = Rule.COMPUTES
    if len(code) > MAX_SOURCE:
        rule, judge.what, judge.line = Rule.COMPUTES, "so long a code", 1
    because = _BECAUSE[rule].format(what=judge.what, line=judge.line)
    return Verdict(rule is Rule.COMPUTES, rule.name.lower(), because)


class _Judge:
    """Judges statements; remembers the first that computes, and names that stand for plots."""

    def __init__(self, plotting: Collection[str]) -> None:
        self.plotting = set(plotting)
        self.what = ""
        self.line = 1

    def body(self, statements: Iterable[ast.stmt]) -> Rule:
        found = Rule.EMPTY
        for statement in statements:
            rule = self.statement(statement)
            if rule is Rule.COMPUTES and found is not Rule.COMPUTES:
                self._note(statement)
            found = max(found, rule)
        return found

    def _note(self, statement: ast.stmt) -> None:
        if self.what:
            return  # a statement within this one
        call = next((n for n in ast.walk(statement) if isinstance(n, ast.Call)), None)
        name = None if call is None else call_name(call)
        self.what = f"{name}()" if name else "the statement"
        self.line = (call if name and call is not None else statement).lineno

    def statement(self, node: ast.stmt) -> Rule:
        match node:
            case ast.Import() | ast.ImportFrom():
                self.plotting |= _plot_aliases(node)
                return Rule.IMPORTS
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return Rule.DEFINITIONS
            case ast.Pass() | ast.Global() | ast.Nonlocal() | ast.Break() | ast.Continue():
                return Rule.EMPTY
            case ast.Delete():
                return Rule.SETTINGS
            case ast.Assert() | ast.Raise():
                return Rule.LOOK
            case ast.Expr(value=value):
                return self._expression(value)
            case ast.Assign(targets=targets, value=value):
                return self._assignment(targets, value)
            case ast.AnnAssign(target=target, value=value):
                return self._assignment([target], value) if value else Rule.DEFINITIONS
            case _:
                return self._block(node)

    def _expression(self, value: ast.expr) -> Rule:
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.Constant):
            return Rule.EMPTY
        if isinstance(value, ast.Call):
            magic = magic_code(value)
            if magic is not None:
                return (
                    Rule.MAGIC if magic.measures else max(Rule.MAGIC, self.body(magic.statements))
                )
            if is_ipython_call(value):
                return Rule.MAGIC
            if is_setting_call(value):
                return Rule.SETTINGS
        if draws(value, self.plotting):
            return Rule.PLOT
        if isinstance(value, ast.BinOp):
            return Rule.COMPUTES
        return Rule.LOOK if is_look(value) else Rule.COMPUTES

    def _assignment(self, targets: Sequence[ast.expr], value: ast.expr) -> Rule:
        if literal_value(value) is not NOT_LITERAL or _is_setting(value):
            return Rule.SETTINGS
        if isinstance(value, ast.Call) and is_ipython_call(value):
            return Rule.MAGIC
        if draws(value, self.plotting) or all(map(is_figure, targets)):
            self.plotting |= names_of_plots(targets)
            return Rule.PLOT
        self.plotting -= names_of_plots(targets)
        if isinstance(value, (ast.Lambda, ast.Name)):
            return Rule.DEFINITIONS if isinstance(value, ast.Lambda) else Rule.SETTINGS
        return Rule.COMPUTES

    def _block(self, node: ast.stmt) -> Rule:
        """Judge a statement by what is in it."""
        match node:
            case (
                ast.If(test=head, body=body, orelse=more)
                | ast.While(test=head, body=body, orelse=more)
            ):
                return max(self._head(head), self.body([*body, *more]))
            case (
                ast.For(target=target, iter=head, body=body, orelse=more)
                | ast.AsyncFor(target=target, iter=head, body=body, orelse=more)
            ):
                if draws(head, self.plotting):
                    self.plotting |= names_of_plots([target])
                elif _runs(head):
                    return Rule.COMPUTES
                return self.body([*body, *more])
            case ast.AugAssign(target=ast.Attribute(), value=value) if _is_setting(value):
                return Rule.SETTINGS  # sys.path += ["src"]
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    if item.optional_vars and draws(item.context_expr, self.plotting):
                        self.plotting |= names_of_plots([item.optional_vars])
                return self.body(body)
            case ast.Try() | ast.TryStar():
                handlers = [statement for h in node.handlers for statement in h.body]
                return self.body([*node.body, *handlers, *node.orelse, *node.finalbody])
            case _:
                return Rule.COMPUTES

    def _head(self, value: ast.expr) -> Rule:
        return Rule.EMPTY if is_look(value) else Rule.COMPUTES


#: Functions that only go through what they are given.
_THROUGH = frozenset(
    {
        "chain", "combinations", "count", "cycle", "enumerate", "filter", "islice", "iter", "list",
        "map", "permutations", "product", "range", "reversed", "sorted", "tnrange", "tqdm",
        "tqdm_notebook", "track", "trange", "zip",
    }
)  # fmt: skip


def _runs(head: ast.expr) -> bool:
    """Say whether what a loop goes through is made by a function of somebody's own."""
    match head:
        case ast.Call(func=ast.Name(id=name), args=arguments):
            if name in _THROUGH:
                return any(map(_runs, arguments))
            return not is_look(head) and not is_setting_call(head)
        case _:
            return False


def _is_setting(value: ast.expr) -> bool:
    """Say whether a value is a literal but for being wrapped: a path, a date, a device."""
    match value:
        case ast.BinOp(left=left, op=ast.Div(), right=right):  # a path and a part of it
            if isinstance(left, ast.Constant) and not isinstance(left.value, str):
                return False
            return _is_setting(left) and (_is_setting(right) or isinstance(right, ast.Name))
        case ast.IfExp(test=test, body=body, orelse=other):
            return is_look(test) and _is_setting(body) and _is_setting(other)
        case ast.Call():
            return is_setting_call(value)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return all(_is_setting(item) for item in items)
        case ast.Dict(keys=keys, values=values):
            return all(key is not None for key in keys) and all(_is_setting(v) for v in values)
        case ast.Attribute(value=ast.Name()):  # a constant of a module, such as np.pi
            return value.attr.isupper() or value.attr.startswith(("float", "int", "pi"))
        case _:
            return literal_value(value) is not NOT_LITERAL


def _plot_aliases(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Give the names under which a cell imports something that draws."""
    names = set()
    for alias in node.names:
        module = alias.name if isinstance(node, ast.Import) else (node.module or "")
        if module.partition(".")[0] in PLOT_MODULES:
            names.add(alias.asname or alias.name.partition(".")[0])
    return names

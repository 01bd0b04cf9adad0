"""What a cell does with names, read off its source in the order of evaluation."""

# ruff: noqa: N802, N815  # a visitor looks its methods up by the names of the node classes

from __future__ import annotations

import ast
import gc
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from celltrail.capture.binds import Bind, BindKind, bind_pairs
from celltrail.capture.magics import magic_code
from celltrail.capture.parse import parse_quietly
from celltrail.capture.scopes import free_names, target_names
from celltrail.capture.usage import Usage, usage_of
from celltrail.capture.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["MAX_SOURCE", "CellNames", "analyse", "forget_trees"]

#: Longer sources are not analysed: it would take longer than running most cells.
MAX_SOURCE = 100_000
#: Of longer ones, of some 100 lines, the tree is so large that the garbage collector matters.
_LONG = 4_000


@dataclass(frozen=True, slots=True)
class CellNames:
    """The names that a cell reads and binds.

    Parameters
    ----------
    reads
        Names whose value comes from before the cell, with the line of the first read.
    late
        Names that functions defined in the cell read when they are called, with the
        function's name.
    binds
        Names that the cell binds, with each place where it does.
    result
        The expression on the cell's last line, if the cell ends with one.
    star_import
        Whether it imports names that the source does not show.
    usage
        What it does with values: its calls, what it changes, what it draws.
    """

    reads: Mapping[str, int]
    late: Mapping[str, str]
    binds: Mapping[str, Sequence[Bind]]
    result: ast.expr | None = None
    star_import: bool = False
    usage: Usage = field(default_factory=Usage)


# Trees are many small objects: with a hundred of them the garbage collector, which looks at all
# objects now and then, stopped cells for a fifth of a second.
@lru_cache(maxsize=4)
def analyse(code: str, line_count: int = 0) -> CellNames | None:
    """Read off what a cell does with names.

    Parameters
    ----------
    code
        The cell as Python, that is, after IPython's transformations.
    line_count
        Lines of the cell as the user sees it; with it, lines inside of ``%%time`` and
        the like are counted as the user counts them.

    Returns
    -------
    CellNames or None
        None when the source is no Python, or too long.

    Examples
    --------
    >>> names = analyse("acc = fit(lr)")
    >>> sorted(names.reads), list(names.binds)
    (['fit', 'lr'], ['acc'])
    """
    if len(code) > MAX_SOURCE:
        return None
    visitor = _CellVisitor(line_count)
    try:
        with _uncollected(code):
            body = parse_quietly(code).body
            visitor.run(body)
            usage = usage_of(body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return CellNames(
        visitor.reads,
        visitor.late,
        visitor.binds,
        visitor.result,
        visitor.star_import,
        usage,
    )


def forget_trees(code: str) -> None:
    """Let go of the tree of a long cell, now that the cell is over."""
    if len(code) > _LONG:
        analyse.cache_clear()
        parse_quietly.cache_clear()


@contextmanager
def _uncollected(code: str) -> Iterator[None]:
    """Keep the garbage collector from running while the tree of a long cell is made.

    It would count the nodes as objects that stay, and soon look at all objects that there are.
    """
    pauses = len(code) > _LONG and gc.isenabled()
    if pauses:
        gc.disable()
    try:
        yield
    finally:
        if pauses:
            gc.enable()


class _CellVisitor(Visitor):
    """Walks statements in the order in which Python evaluates them."""

    def __init__(self, line_count: int) -> None:
        self.reads: dict[str, int] = {}
        self.late: dict[str, str] = {}
        self.binds: dict[str, list[Bind]] = {}
        self.result: ast.expr | None = None
        self.star_import = False
        self._bound: set[str] = set()
        self._sure = True
        self._loops = 0
        self._line_count = line_count
        self._shift = 0

    def run(self, body: Sequence[ast.stmt]) -> None:
        """Walk a cell's body, and keep its last expression."""
        for statement in body:
            self.visit(statement)
        self.result = _last_expression(body)

    # names -----------------------------------------------------------------------
    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id not in self._bound:
            self.reads.setdefault(node.id, node.lineno + self._shift)

    def _bind(self, pairs: Iterable[tuple[str, Bind]]) -> None:
        for name, bind in pairs:
            if self._shift:
                bind = replace(bind, line=bind.line + self._shift)
            if self._loops:
                bind = replace(bind, looped=True)
            self.binds.setdefault(name, []).append(bind)
            self._bound.add(name)

    def _bind_as(self, kind: BindKind, names: Iterable[str], line: int) -> None:
        self._bind((name, Bind(kind, line, self._sure)) for name in names)

    def _assign(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        pairs = [p for target in targets for p in bind_pairs(target, value, self._sure)]
        if not any(bind.kind is BindKind.COUNTER for _, bind in pairs):
            self.visit(value)
        for target in targets:
            self.visit(target)  # the parts of items and attributes are read
        self._bind(pairs)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assign(node.targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign([node.target], node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._assign([node.target], node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if not isinstance(node.target, ast.Name):
            self.visit(node.target)
            return
        whole = isinstance(node.value, ast.Constant) and type(node.value.value) is int
        kind = BindKind.COUNTER if whole else BindKind.COMPUTED
        self._bind_as(kind, [node.target.id], node.lineno)

    def visit_Delete(self, node: ast.Delete) -> None:
        self.generic_visit(node)
        for target in node.targets:
            for name in target_names(target):
                self._bound.discard(name)
                self.binds.pop(name, None)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        self.star_import |= "*" in names
        self._bind_as(BindKind.OTHER, names, node.lineno)

    visit_Import = _import
    visit_ImportFrom = _import

    # scopes ----------------------------------------------------------------------
    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        if not isinstance(node, ast.Lambda):
            for decorator in node.decorator_list:
                self.visit(decorator)
        for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]:
            self.visit(default)
        label = "lambda" if isinstance(node, ast.Lambda) else f"{node.name}()"
        for name in free_names(node):
            self.late.setdefault(name, label)
        if not isinstance(node, ast.Lambda):
            self._bind_as(BindKind.OTHER, [node.name], node.lineno)

    visit_FunctionDef = _function
    visit_AsyncFunctionDef = _function
    visit_Lambda = _function

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(part)
        inner = _CellVisitor(0)
        inner._bound = set(self._bound)
        inner.run(node.body)  # a class body runs at once, but binds its own names
        for name, line in inner.reads.items():
            self.reads.setdefault(name, line + self._shift)
        for name, function in inner.late.items():
            self.late.setdefault(name, function)
        self._bind_as(BindKind.OTHER, [node.name], node.lineno)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        outer = set(self._bound)
        own: set[str] = set()
        for generator in node.generators:
            self.visit(generator.iter)
            own |= set(target_names(generator.target))
            self._bound |= own
            for condition in generator.ifs:
                self.visit(condition)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self.visit(part)
        self._bound = outer | (self._bound - own)

    visit_ListComp = _comprehension
    visit_SetComp = _comprehension
    visit_GeneratorExp = _comprehension
    visit_DictComp = _comprehension

    # blocks ----------------------------------------------------------------------
    def _branches(self, *bodies: Sequence[ast.stmt]) -> None:
        """Visit bodies of which one is run: bound for sure is what all of them bind."""
        before, sure = self._bound, self._sure
        self._sure = False
        ends = []
        for body in bodies:
            self._bound = set(before)
            for statement in body:
                self.visit(statement)
            ends.append(self._bound)
        self._bound = set.intersection(*ends) if ends else before
        self._sure = sure

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branches(node.body, node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._loops += 1
        self._branches(node.body, node.orelse)
        self._loops -= 1

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        before, sure = set(self._bound), self._sure
        self._sure = False
        self._bind_as(BindKind.LOOP, target_names(node.target), node.lineno)
        self._sure = sure
        self._loops += 1
        self._branches(node.body, [])
        self._loops -= 1
        self._bound = before
        self._branches(node.orelse, [])

    visit_For = _for
    visit_AsyncFor = _for

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self._branches([*node.body, *node.orelse], *[_handler_body(h) for h in node.handlers])
        for statement in node.finalbody:
            self.visit(statement)

    visit_Try = _try
    visit_TryStar = _try

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._bind_as(BindKind.OTHER, target_names(item.optional_vars), node.lineno)
        for statement in node.body:
            self.visit(statement)

    visit_With = _with
    visit_AsyncWith = _with

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        before = set(self._bound)
        for case in node.cases:
            captured = [
                name
                for part in ast.walk(case.pattern)
                for field in ("name", "rest")
                if type(name := getattr(part, field, None)) is str
            ]
            self._bound = before | set(captured)
            self._bind_as(BindKind.OTHER, captured, case.pattern.lineno)
            if case.guard is not None:
                self.visit(case.guard)
            self._branches(case.body, [])
        self._bound = before

    # IPython's magics, as the transformations leave them --------------------------
    def visit_Call(self, node: ast.Call) -> None:
        body = magic_code(node)
        if body is None:
            self.generic_visit(node)
            return
        shift = self._shift
        if self._line_count and body.whole_cell:
            self._shift = max(0, self._line_count - body.line_count)
        elif not body.whole_cell:
            self._shift += node.lineno - 1
        for statement in body.statements:
            self.visit(statement)
        self._shift = shift


def _last_expression(body: Sequence[ast.stmt]) -> ast.expr | None:
    """Give the expression whose value the cell shows, also when a magic runs it."""
    if not body or not isinstance(body[-1], ast.Expr):
        return None
    value = body[-1].value
    magic = magic_code(value) if isinstance(value, ast.Call) else None
    return value if magic is None else _last_expression(magic.statements)


def _handler_body(handler: ast.ExceptHandler) -> Sequence[ast.stmt]:
    """Give a handler's statements, with the caught types read first."""
    if handler.type is None:
        return handler.body
    return [ast.Expr(handler.type), *handler.body]

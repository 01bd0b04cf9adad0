"""What a cell's source does with values: which calls it makes, what it changes, what it draws."""

# ruff: noqa: N802, N815  # a visitor looks its methods up by the names of the node classes

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from celltrail.capture.literals import NOT_LITERAL, literal_value
from celltrail.capture.looks import call_name
from celltrail.capture.magics import magic_code
from celltrail.capture.plots import PLOT_MODULES, draws
from celltrail.capture.scopes import target_names
from celltrail.capture.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["CallSite", "Usage", "is_technical", "usage_of"]

#: Methods that change what they are called on, of the classes that notebooks mostly hold.
_CHANGING = frozenset(
    {
        "add", "append", "appendleft", "backward", "clear", "compile", "discard", "extend",
        "extendleft", "fill", "fill_", "fit", "fit_generator", "fit_predict", "fit_transform",
        "insert", "load_state_dict", "partial_fit", "pop", "popitem", "popleft", "put", "remove",
        "resize", "reverse", "set_index", "set_params", "setdefault", "shuffle", "sort", "step",
        "subtract", "train", "update", "write", "zero_grad", "optimize", "set_value", "eval",
    }
)  # fmt: skip
#: Keywords that say how much is told or how fast it goes, not what comes out.
_TECHNICAL = frozenset(
    {
        "as_frame", "ax", "axis", "bar", "cmap", "copy", "ddof", "device_map", "disable", "disp",
        "figsize", "iprint", "keepdims", "leave", "output_dict",
        "n_jobs", "num_workers", "nthread", "pin_memory", "progress_bar", "show_progress",
        "show_progress_bar", "silent", "sync", "trust_remote_code", "verbose", "verbose_eval",
        "verbosity", "desc", "nthreads", "thread_count", "workers", "use_label_encoder",
    }
)  # fmt: skip
#: Keywords that take what stands beside rows, columns, axes and bars.
_LABELS = frozenset(
    {
        "class_names", "display_labels", "label", "legend", "target_names", "tick_labels", "title",
        "xlabel", "xticklabels", "ylabel", "yticklabels",
    }
)  # fmt: skip
#: Those of frames, where they are made; elsewhere they choose columns.
_FRAME_LABELS = frozenset({"columns", "index", "name", "names"})
_FRAMES = frozenset({"DataFrame", "Index", "MultiIndex", "Series", "read_csv", "read_table"})
_MAX_CALLS = 200


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call in a cell's own code, that is, not within its functions.

    Parameters
    ----------
    path
        The parts of what is called, such as ``("np", "random", "seed")``; empty at the front
        where it is called on the result of another call.
    receiver
        That other call's own path, such as ``("Ridge",)`` in ``Ridge().fit(x)``.
    args
        The positional arguments.
    keywords
        Keyword arguments that are literals, without technical ones; also the items of a dict
        that is the first argument.
    owner
        What it is a method of, if it is one.
    named
        Keywords whose value is a name: that name is the setting.
    line
        Where it is, from 1.
    draws
        Whether it only draws; its keywords then say nothing.
    """

    path: tuple[str, ...]
    receiver: tuple[str, ...]
    args: Sequence[ast.expr]
    keywords: Mapping[str, Any]
    named: frozenset[str]
    line: int
    owner: ast.expr | None = None
    draws: bool = False

    @property
    def name(self) -> str:
        """What is called, without where it is from."""
        return self.path[-1]


@dataclass(slots=True)
class Usage:
    """What a cell does with values.

    Parameters
    ----------
    calls
        Its calls, in the order of the text.
    mutated
        Names whose values it changes: True where that is sure (a store into an item or an
        attribute), False where a method probably does.
    deleted
        Names that it deletes.
    appended
        Names that a loop appends to, with what it appends.
    looped
        Targets of loops.
    plotted, used
        Names that it reads in order to draw or to label, and those that it reads otherwise.
    prints
        Calls of ``print``, each with whether it is in a loop.
    declares_global
        Whether a function in it declares a name global.
    """

    calls: list[CallSite] = field(default_factory=list)
    mutated: dict[str, bool] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    appended: dict[str, ast.expr] = field(default_factory=dict)
    looped: set[str] = field(default_factory=set)
    plotted: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    prints: list[tuple[ast.Call, bool]] = field(default_factory=list)
    declares_global: bool = False

    @property
    def only_drawn(self) -> set[str]:
        """Names that are read for drawing and labels, and for nothing else."""
        return self.plotted - self.used


def usage_of(statements: Iterable[ast.stmt]) -> Usage:
    r"""Read off what statements do with values.

    Examples
    --------
    >>> usage = usage_of(ast.parse("m = Ridge(alpha=2)\nm.fit(x, y)").body)
    >>> [(call.name, dict(call.keywords)) for call in usage.calls], usage.mutated
    ([('Ridge', {'alpha': 2}), ('fit', {})], {'m': False})
    """
    visitor = _UsageVisitor()
    for statement in statements:
        visitor.visit(statement)
    return visitor.usage


def is_technical(keyword: str) -> bool:
    """Say whether an argument says how much is told or how fast it goes, not what comes out.

    Examples
    --------
    >>> is_technical("n_jobs"), is_technical("max_depth")
    (True, False)
    """
    return keyword in _TECHNICAL or keyword.startswith("return_")


class _UsageVisitor(Visitor):
    """Walks a cell's code, but not into its functions: what is in them may never be run."""

    def __init__(self) -> None:
        self.usage = Usage()
        self._plotting = set(PLOT_MODULES)
        self._loops = 0
        self._drawing = 0

    # reads and stores -------------------------------------------------------------------
    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            (self.usage.plotted if self._drawing else self.usage.used).add(node.id)

    def _store(self, target: ast.expr) -> None:
        """Note what a store into an item or an attribute changes."""
        if isinstance(target, (ast.Subscript, ast.Attribute)):
            root = _root(target)
            if root is not None:
                self.usage.mutated[root] = True
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._store(part)

    def visit_Assign(self, node: ast.Assign) -> None:
        if draws(node.value, self._plotting):
            self._plotting |= {name for t in node.targets for name in target_names(t)}
        for target in node.targets:
            self._store(target)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._store(node.target)
        if node.value is not None:
            self.visit(node.value)
        self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.usage.mutated.setdefault(node.target.id, True)
            self.usage.used.add(node.target.id)
        self._store(node.target)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self.usage.deleted |= set(target_names(target))
            self._store(target)
        self.generic_visit(node)

    # scopes -----------------------------------------------------------------------------
    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        for inner in ast.walk(node):  # what it does with names is not looked at
            if isinstance(inner, ast.Name):
                self.usage.used.add(inner.id)
            elif isinstance(inner, ast.Global):
                self.usage.declares_global = True

    visit_FunctionDef = _function
    visit_AsyncFunctionDef = _function
    visit_Lambda = _function
    visit_ClassDef = Visitor.generic_visit

    # loops ------------------------------------------------------------------------------
    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.usage.looped |= set(target_names(node.target))
        if draws(node.iter, self._plotting):
            self._plotting |= set(target_names(node.target))
        self.visit(node.iter)
        self._in_loop([*node.body, *node.orelse])

    visit_For = _for
    visit_AsyncFor = _for

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._in_loop([*node.body, *node.orelse])

    def _in_loop(self, body: Iterable[ast.stmt]) -> None:
        self._loops += 1
        for statement in body:
            self.visit(statement)
        self._loops -= 1

    # calls ------------------------------------------------------------------------------
    def visit_Call(self, node: ast.Call) -> None:
        magic = magic_code(node)
        if magic is not None:
            for statement in magic.statements:
                self.visit(statement)
            return
        drawn = draws(node, self._plotting)
        site = _site(node, drawn=drawn)
        if site is not None and len(self.usage.calls) < _MAX_CALLS and not self._drawing:
            self.usage.calls.append(site)
        if isinstance(node.func, ast.Name) and node.func.id == "print":
            self.usage.prints.append((node, self._loops > 0))
        self._changes(node)
        self._drawing += drawn
        for part in [node.func, *node.args]:
            self.visit(part)
        for keyword in node.keywords:
            labels = _labels(keyword, site)
            self._drawing += labels
            self.visit(keyword.value)
            self._drawing -= labels
        self._drawing -= drawn

    def _changes(self, node: ast.Call) -> None:
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in _CHANGING:
            return
        root = _root(node.func.value)
        if root is None:
            return
        self.usage.mutated.setdefault(root, False)
        if node.func.attr == "append" and node.args and self._loops:
            self.usage.appended.setdefault(_dotted(node.func.value), node.args[0])


def _site(node: ast.Call, *, drawn: bool) -> CallSite | None:
    name = call_name(node)
    if name is None:
        return None
    keywords: dict[str, Any] = {}
    named = set()
    given = [(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg]
    for key, item in [] if drawn else [*given, *_settings(node)]:
        if is_technical(key):
            continue
        if isinstance(item, ast.Name):
            named.add(key)
        value = literal_value(item)
        if value is not NOT_LITERAL:
            keywords.setdefault(key, value)
    receiver: tuple[str, ...] = ()
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if isinstance(inner, ast.Call):
        receiver = tuple((call_name(inner) or "").split("."))
    path = tuple(name.split("."))
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return CallSite(
        path, receiver, node.args, keywords, frozenset(named), node.lineno, owner, drawn
    )


def _labels(keyword: ast.keyword, site: CallSite | None) -> bool:
    """Say whether an argument is what stands beside rows, columns, axes or bars."""
    if not isinstance(keyword.value, ast.Name):
        return False
    is_frame = site is not None and site.name in _FRAMES
    return keyword.arg in _LABELS or (is_frame and keyword.arg in _FRAME_LABELS)


def _settings(node: ast.Call) -> list[tuple[str, ast.expr]]:
    """Give the settings in a dict that is the first argument: ``train({"eta": 0.3}, data)``."""
    match node.args:
        case [ast.Dict(keys=keys, values=values), *_]:
            pairs = zip(keys, values, strict=True)
            return [
                (key.value, value)
                for key, value in pairs
                if isinstance(key, ast.Constant) and type(key.value) is str
            ]
        case _:
            return []


def _root(node: ast.expr) -> str | None:
    """Give the name that an item or an attribute is of, at the bottom."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _dotted(node: ast.expr) -> str:
    """Give ``losses`` or ``history.loss`` for ``losses`` and ``history["loss"]``."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
            return f"{name}.{key}"
        case ast.Attribute(value=ast.Name(id=name), attr=key):
            return f"{name}.{key}"
        case _:
            return ""

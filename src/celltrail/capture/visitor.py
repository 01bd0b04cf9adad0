"""Walk a tree of Python's syntax, at the cost that every cell can bear."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Visitor"]

_KINDS = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
#: What has nothing below it and says nothing that is looked for; half of all nodes.
_LEAVES = frozenset({ast.Constant, *(leaf for kind in _KINDS for leaf in kind.__subclasses__())})


class Visitor:
    """What `ast.NodeVisitor` is, three times as fast.

    Its methods are found by the names of the node classes, such as ``visit_Name``; contexts,
    operators and constants are not visited at all.

    Examples
    --------
    >>> class Names(Visitor):
    ...     found = []
    ...     def visit_Name(self, node):
    ...         self.found.append(node.id)
    >>> Names().visit(ast.parse("a + f(b, 1)"))
    >>> Names.found
    ['a', 'f', 'b']
    """

    _methods: ClassVar[dict[type[ast.AST], Callable[[Any, Any], Any]]]

    def __init_subclass__(cls) -> None:
        cls._methods = {}

    def visit(self, node: ast.AST) -> None:
        """Call the method for a node's class, `generic_visit` where there is none."""
        kind = node.__class__
        method = self._methods.get(kind)
        if method is None:
            found = getattr(type(self), f"visit_{kind.__name__}", None)
            method = self._methods[kind] = found or type(self).generic_visit
        method(self, node)

    def generic_visit(self, node: ast.AST) -> None:
        """Visit what is directly below a node, in the order of its fields."""
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                for item in value:
                    if isinstance(item, ast.AST) and item.__class__ not in _LEAVES:
                        self.visit(item)
            elif isinstance(value, ast.AST) and value.__class__ not in _LEAVES:
                self.visit(value)

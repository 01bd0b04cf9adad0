"""Any filter that is written out is read back as it was, and any other text is refused kindly."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from celltrail.errors import FilterError
from celltrail.query.filters import And, Clause, Node, Not, Or, Value, parse_filter

NAMES = st.text(st.characters(exclude_characters="`", exclude_categories=["Cs"]), min_size=1)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(), st.booleans()
)


def clauses() -> st.SearchStrategy[Clause]:
    compared = st.builds(
        lambda name, op, value: Clause(name, op, (value,), 0),
        NAMES,
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        VALUES,
    )
    listed = st.builds(
        lambda name, values: Clause(name, "in", tuple(values), 0),
        NAMES,
        st.lists(VALUES, min_size=1, max_size=3),
    )
    matched = st.builds(
        lambda name, op, text: Clause(name, op, (text,), 0),
        NAMES,
        st.sampled_from(["like", "has"]),
        st.text(),
    )
    return st.one_of(
        compared, listed, matched, st.builds(lambda name: Clause(name, "null", (), 0), NAMES)
    )


TREES = st.recursive(
    clauses(),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda parts: And(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)


def written_value(value: Value) -> str:
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def written(node: Node) -> str:
    """Write a tree out, with parentheses around every part."""
    match node:
        case Not(part):
            return f"not ({written(part)})"
        case And(parts):
            return " and ".join(f"({written(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({written(part)})" for part in parts)
        case Clause(name, "null", _, _):
            return f"`{name}` is null"
        case Clause(name, "in", values, _):
            return f"`{name}` in ({', '.join(written_value(value) for value in values)})"
        case Clause(name, op, values, _):
            return f"`{name}` {op} {written_value(values[0])}"


def without_positions(node: Node) -> Node:
    match node:
        case Not(part):
            return Not(without_positions(part))
        case And(parts):
            return And(tuple(without_positions(part) for part in parts))
        case Or(parts):
            return Or(tuple(without_positions(part) for part in parts))
        case Clause(name, op, values, _):
            return Clause(name, op, values, 0)


@given(TREES)
def test_a_filter_that_is_written_out_is_read_back_as_it_was(tree: Node) -> None:
    assert without_positions(parse_filter(written(tree))) == tree


@given(st.text(st.sampled_from("ab.1-9=<>!'\"`() ,andorotinlkeis\n\\"), max_size=40) | st.text())
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    with contextlib.suppress(FilterError):
        parse_filter(text)

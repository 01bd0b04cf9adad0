"""The language of filters: what it reads, and how it says what it cannot read."""

from __future__ import annotations

import pytest

from celltrail.errors import FilterError
from celltrail.query.filters import Ago, And, Clause, Not, Or, parse_filter, parse_order


def test_and_binds_closer_than_or_and_not_closest() -> None:
    tree = parse_filter("a = 1 or b = 2 and not c = 3")
    a, b, c = Clause("a", "=", (1,), 0), Clause("b", "=", (2,), 9), Clause("c", "=", (3,), 23)
    assert tree == Or((a, And((b, Not(c)))))


def test_parentheses_group() -> None:
    tree = parse_filter("(a = 1 or b = 2) AND c = 3")
    assert isinstance(tree, And)
    assert isinstance(tree.parts[0], Or)


@pytest.mark.parametrize(
    ("text", "name", "op", "values"),
    [
        ("params.lr < 0.1", "params.lr", "<", (0.1,)),
        ("params.lr<=1e-3", "params.lr", "<=", (1e-3,)),
        ("x == -3", "x", "=", (-3,)),
        ("x <> 'it\\'s'", "x", "!=", ("it's",)),
        ('status in ("failed", "lost")', "status", "in", ("failed", "lost")),
        ("started > -7d", "started", ">", (Ago(604_800),)),
        ("started > -1.5h", "started", ">", (Ago(5_400),)),
        ("name like '%cv%'", "name", "like", ("%cv%",)),
        ("tags has 'x'", "tags", "has", ("x",)),
        ("note is null", "note", "null", ()),
        ("`metrics.val loss` > 1", "metrics.val loss", ">", (1,)),
        ("metrics.val/loss.min = 1", "metrics.val/loss.min", "=", (1,)),
        ("params.flag = TRUE", "params.flag", "=", (True,)),
        ("metrics.größe = 1", "metrics.größe", "=", (1,)),
    ],
)
def test_each_kind_of_clause(text: str, name: str, op: str, values: tuple[object, ...]) -> None:
    assert parse_filter(text) == Clause(name, op, values, 0)  # type: ignore[arg-type]


def test_negated_forms() -> None:
    assert parse_filter("a is not null") == Not(Clause("a", "null", (), 0))
    assert parse_filter("a not in (1)") == Not(Clause("a", "in", (1,), 0))


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("a = ", "expected a value, found the end", 4),
        ("a = b", "a text stands in quotes: 'b'", 4),
        ("a ~ 1", "cannot read '~' here", 2),
        ("a = 1 b = 2", "expected 'and', 'or' or the end, found b", 6),
        ("(a = 1", "expected ')', found the end", 6),
        ("a", "expected =, !=", 1),
        ("= 1", "expected a name such as params.lr", 0),
        ("a like 3", "a text in quotes", 7),
        ("", "expected a name", 0),
        ("a = 'open", 'cannot read "\'" here', 4),
    ],
)
def test_a_filter_that_cannot_be_read_says_where(text: str, message: str, position: int) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert message in str(caught.value)
    assert caught.value.position == position


def test_orderings() -> None:
    assert parse_order("metrics.acc desc, `a b` ASC,started") == [
        ("metrics.acc", True),
        ("a b", False),
        ("started", False),
    ]
    with pytest.raises(FilterError, match="cannot read the ordering"):
        parse_order("a b c")
    with pytest.raises(FilterError, match="empty"):
        parse_order("")


def test_a_filter_is_not_nested_without_end() -> None:
    assert parse_filter(f"{'(' * 50}a = 1{')' * 50}") == Clause("a", "=", (1,), 50)
    for text in (f"{'(' * 3000}a = 1{')' * 3000}", "not " * 3000 + "a = 1"):
        with pytest.raises(FilterError, match="nested too deeply"):
            parse_filter(text)
    with pytest.raises(FilterError, match="at most 4000 digits"):
        parse_filter("a = " + "1" * 5000)

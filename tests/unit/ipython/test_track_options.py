"""The options of the magics, right and wrong."""

from __future__ import annotations

import pytest

from celltrail.ipython.options import HELP, parse_options, split_statement


def test_all_options_are_read() -> None:
    options = parse_options(
        "base -p lr=0.1 -p opt=adam --param 'layers=[64, 32]' -t a --tag b -m \"why not\" "
        "-e exp --params x,y --metrics z --no-infer --quiet"
    )
    assert options.name == "base"
    assert options.params == {"lr": 0.1, "opt": "adam", "layers": [64, 32]}
    assert (options.tags, options.note, options.experiment) == (["a", "b"], "why not", "exp")
    assert (options.param_names, options.metric_names) == (["x", "y"], ["z"])
    assert (options.infer, options.quiet, options.problem) == (False, True, None)


def test_without_options_everything_is_at_rest() -> None:
    options = parse_options("")
    assert (options.name, options.infer, options.quiet, options.problem) == (
        None, True, False, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-1", -1),
        ("1e-3", 0.001),
        ("True", True),
        ("None", None),
        ("", ""),
        ("{1}", "{1}"),
        ("a=b", "a=b"),
        ("b'x'", "b'x'"),
        ("C:\\data", "C:\\data"),
        ("naïve", "naïve"),
    ],
)
def test_values_of_params_are_literals_or_else_text(text: str, value: object) -> None:
    options = parse_options(f'-p "key={text}"')
    assert options.params == {"key": value}
    assert options.problem is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("--quite", "unknown option --quite; did you mean --quiet?"),
        ("--autos", "unknown option --autos; did you mean --auto?"),
        ("-x", "unknown option -x"),
        ("--lr 0.1", "unknown option --lr"),
        ("a b", "a run has one name, and 'b' is too much; put names in quotes"),
        ("-p lr", "-p takes KEY=VALUE, not 'lr'"),
        ("-p =1", "-p takes KEY=VALUE, not '=1'"),
        ("it's", "a quotation mark is not closed"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, problem: str) -> None:
    assert parse_options(text).problem == problem


@pytest.mark.parametrize("text", ["-m", "-p", "-m -t x", "--quiet=yes", "--params"])
def test_options_that_the_parser_refuses_do_not_raise(text: str) -> None:
    problem = parse_options(text).problem
    assert problem
    assert "\n" not in problem


def test_what_is_right_beside_a_wrong_option_is_kept() -> None:
    options = parse_options("base -p lr=0.1 --unknown 3 --quiet")
    assert (options.name, options.params, options.quiet) == ("base", {"lr": 0.1}, True)
    assert parse_options("-m -p lr=1").params == {"lr": 1}


def test_the_value_of_an_unknown_option_is_not_taken_for_the_name() -> None:
    assert parse_options("--lr 0.1").name is None


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("fit(x)", ("", "fit(x)")),
        ("--quiet fit( 'a  b' )", ("--quiet", "fit( 'a  b' )")),
        ("-p 'a=x y' -t z y = 1", ("-p 'a=x y' -t z", "y = 1")),
        ("--note=why f()", ("--note=why", "f()")),
        ("-x", ("", "-x")),
        ("-- -x + 1", ("", "-x + 1")),
        ("!ls -l", ("", "!ls -l")),
        ("--quiet", ("--quiet", "")),
        ("--auto", ("--auto", "")),
        ("", ("", "")),
    ],
)
def test_the_statement_begins_where_the_options_end(line: str, parts: tuple[str, str]) -> None:
    assert split_statement(line) == parts


def test_help_shows_every_option() -> None:
    for option in ("--param ", "--tag", "--note", "--experiment", "--params", "--metrics"):
        assert option in HELP
    assert "%%track [NAME]" in HELP

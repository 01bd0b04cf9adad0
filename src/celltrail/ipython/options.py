"""The options of ``%track`` and ``%%track``."""

# mypy: disable-error-code="no-untyped-call,untyped-decorator"
# (IPython annotates neither its decorators nor what they add)

from __future__ import annotations

import ast
import difflib
import re
import shlex
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, kwds, magic_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from celltrail.model import ParamValue

__all__ = ["HELP", "PARSER", "TrackOptions", "parse_options", "split_statement"]


@magic_arguments("track")
@kwds(
    usage="""%%track [NAME] [options]
      %track [options] STATEMENT
      %track""".replace("%", "%%")[2:],
    epilog="""
    Examples
    --------
    ::

      %%track baseline -p model=ridge -t cv -m "first try"
      alpha = 0.1
      rmse = fit(alpha)

      %track fit(0.2)
      %track
    """,
)
@argument("name", nargs="?", metavar="NAME", help="What the run is called, in %%%%track.")
@argument("-n", "--name", dest="named", metavar="NAME", help="The same, in %%track too.")
@argument(
    "-p", "--param", action="append", default=[], metavar="KEY=VALUE", help="A param; repeatable."
)
@argument("-t", "--tag", action="append", default=[], metavar="TAG", help="A tag; repeatable.")
@argument("-m", "--note", default="", metavar="NOTE", help="Why this run is done.")
@argument("-e", "--experiment", metavar="EXPERIMENT", help="The group of runs it belongs to.")
@argument("--params", default="", metavar="a,b", help="Variables to record as params.")
@argument("--metrics", default="", metavar="c,d", help="Variables to record as metrics.")
@argument("--no-infer", action="store_true", help="Record only what is named or logged.")
@argument("--quiet", action="store_true", help="Show no card under the cell.")
@argument("--auto", action="store_true", help="Record every cell that computes something.")
@argument("--no-auto", action="store_true", help="Record no more than what is asked for.")
@argument("--explain", action="store_true", help="Say what is recorded, and by which rule.")
def _track(line: str) -> None:
    """Record the run of a cell or a statement.

    `%%track` on the first line of a cell records the whole cell, `%track [options]
    STATEMENT` one statement, and `%track` alone shows the runs of this notebook. The code
    runs as it would without. After `%track --auto` every cell that computes something is
    recorded, and nothing is shown for it; `%track --explain` says of the cell before why.

    Literals that the code assigns, and what it reads from earlier cells, are recorded as
    params; numbers that it computes are metrics.
    """


#: IPython's own parser for the options.
PARSER: Any = _track.parser
PARSER.allow_abbrev = False  # the statement after %track must be told from the options

#: What ``%%track?`` shows.
HELP: str = _track.__doc__ or ""

_FLAGS = {"--no-infer", "--quiet", "--auto", "--no-auto", "--explain"}
_WITH_VALUE = {
    text for action in PARSER._actions for text in action.option_strings if text not in _FLAGS
}
_TOKEN = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[^\s"'])+)""")


@dataclass(frozen=True, slots=True)
class TrackOptions:
    """What the head line of a tracked cell asks for.

    Parameters
    ----------
    name, tags, note, experiment
        As for `celltrail.track`.
    params
        From ``-p``, with Python literals read as such and all else as text.
    param_names, metric_names
        Variables that ``--params`` and ``--metrics`` name.
    infer
        Whether params and metrics are inferred.
    quiet
        Whether the card is left out.
    auto
        True for ``--auto``, False for ``--no-auto``, else None.
    explain
        Whether it is to be said what is recorded, and why.
    problem
        What was wrong with the options, as one sentence, or None.
    """

    name: str | None = None
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    tags: Sequence[str] = ()
    note: str = ""
    experiment: str | None = None
    param_names: Sequence[str] = ()
    metric_names: Sequence[str] = ()
    infer: bool = True
    quiet: bool = False
    auto: bool | None = None
    explain: bool = False
    problem: str | None = None


@lru_cache(maxsize=64)
def parse_options(text: str) -> TrackOptions:
    """Read the options; never raises.

    Parameters
    ----------
    text
        What stands behind ``%%track``, or before the statement of ``%track``.

    Returns
    -------
    TrackOptions
        What could be read, and in ``problem`` what could not.

    Examples
    --------
    >>> options = parse_options("baseline -p lr=0.1 -t cv")
    >>> options.name, options.params, options.tags
    ('baseline', {'lr': 0.1}, ['cv'])
    >>> parse_options("--quite").problem
    'unknown option --quite; did you mean --quiet?'
    """
    problem = None
    try:
        words = _split(text)
    except ValueError:
        return TrackOptions(problem="a quotation mark is not closed")
    try:
        found, extra = PARSER.parse_known_args(words)
    except UsageError as error:
        words, problem = _without_dangling(words), str(error)
        try:
            found, extra = PARSER.parse_known_args(words)
        except UsageError:
            return TrackOptions(problem=problem)
    if extra and problem is None:
        problem = _unknown(extra)
        if found.name is not None and _follows(words, found.name, extra):
            found.name = None  # it was the value of the option that there is not
    params = {}
    for pair in found.param:
        key, equals, value = pair.partition("=")
        if equals and key.strip():
            params[key.strip()] = _literal(value)
        elif problem is None:
            problem = f"-p takes KEY=VALUE, not {pair!r}"
    return TrackOptions(
        name=found.named or found.name,
        params=params,
        tags=found.tag,
        note=found.note,
        experiment=found.experiment,
        param_names=_names(found.params),
        metric_names=_names(found.metrics),
        infer=not found.no_infer,
        quiet=found.quiet,
        auto=True if found.auto else False if found.no_auto else None,
        explain=found.explain,
        problem=problem,
    )


def split_statement(text: str) -> tuple[str, str]:
    """Part what stands behind ``%track`` into its options and the statement.

    Parameters
    ----------
    text
        The rest of the line.

    Returns
    -------
    (str, str)
        The options come first; from the first word that is none on it is the statement,
        which is left as it is.

    Examples
    --------
    >>> split_statement("-p lr=0.1 --quiet  acc = fit(x, 'a  b')")
    ('-p lr=0.1 --quiet', "acc = fit(x, 'a  b')")
    """
    position = 0
    while match := _TOKEN.match(text, position):
        word = match[1]
        if word == "--":
            return text[:position].strip(), text[match.end() :].strip()
        option = re.fullmatch(r"(--[A-Za-z][\w-]*)(=.*)?|(-[A-Za-z])", word, re.DOTALL)
        if option is None:
            break
        name, inline = option[1] or option[3], option[2]
        end = match.end()
        if name in _WITH_VALUE and inline is None:
            value = _TOKEN.match(text, end)
            end = value.end() if value else end
        elif option[3] and not text[end:].strip():
            break  # -x alone is an expression
        position = end
    return text[:position].strip(), text[position:].strip()


def _split(text: str) -> list[str]:
    """Split like a shell does, except that a backslash is just a character."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""
    return list(lexer)


def _without_dangling(words: list[str]) -> list[str]:
    """Drop options that have no value, so that the others can still be read."""
    kept = []
    for word, following in zip(words, [*words[1:], "-"], strict=True):
        if not (word in _WITH_VALUE and following.startswith("-")):
            kept.append(word)
    return [word.partition("=")[0] if word.partition("=")[0] in _FLAGS else word for word in kept]


def _unknown(extra: list[str]) -> str:
    option = next((word for word in extra if word.startswith("-")), None)
    if option is None:
        return f"a run has one name, and {' '.join(extra)!r} is too much; put names in quotes"
    option = option.partition("=")[0]
    near = difflib.get_close_matches(option, [*_FLAGS, *_WITH_VALUE], n=1, cutoff=0.7)
    return f"unknown option {option}" + (f"; did you mean {near[0]}?" if near else "")


def _follows(words: list[str], name: str, extra: list[str]) -> bool:
    position = words.index(name) if name in words else 0
    return position > 0 and words[position - 1] in extra


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _literal(text: str) -> ParamValue:
    try:
        value: ParamValue = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    kinds = (bool, int, float, str, list, tuple, dict)
    return value if value is None or isinstance(value, kinds) else text

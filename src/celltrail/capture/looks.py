"""Which expressions only show what is there, and which calls only set something up."""

from __future__ import annotations

import ast
import re

from celltrail.capture.literals import NOT_LITERAL, literal_value

__all__ = ["call_name", "is_look", "is_setting_call"]

#: Functions and IPython's classes that show, or say something about an object itself.
_FUNCTIONS = frozenset(
    {
        "asdict", "astuple", "Audio", "bool", "callable", "Code", "dict", "dir", "display",
        "enumerate", "FileLink", "FileLinks", "getattr", "hasattr", "help", "HTML", "id", "IFrame",
        "Image", "input", "isinstance", "issubclass", "Javascript", "JSON", "Latex", "len", "list",
        "Markdown", "Math", "pprint", "SVG", "Video", "VimeoVideo", "YouTubeVideo",
        "print", "range", "repr", "reversed", "round", "set", "sorted", "str", "tuple", "type",
        "vars", "zip", "float", "int", "abs",
    }
)  # fmt: skip
#: Methods that give a part, a text or a view of what is there.
_METHODS = frozenset(
    {
        "center", "copy", "decode", "display", "format", "get", "get_feature_names_out",
        "get_params", "getsize", "head", "info", "item", "items", "join", "keys", "limit",
        "ljust", "lower", "nlargest", "nsmallest", "parameters", "pprint", "rjust", "sample",
        "schema", "set_caption", "split", "strftime", "strip", "summary", "tail", "title",
        "to_html", "to_markdown", "to_string", "tolist", "upper", "values", "zfill", "exists",
        "isoformat", "background_gradient", "named_parameters", "state_dict", "render",
        "DataFrame", "Series", "toarray", "todense", "is_available", "device_count",
        "get_device_name", "getcwd", "listdir",
    }
)  # fmt: skip
#: Functions that raise or tell where something is not as it should be, like an assertion.
_CHECKS = re.compile(
    r"assert_\w+|(?:check|verify)_(?:env\w*|gpus?|install\w*|packages?|requirements|versions?)"
)
#: Calls that set options, seeds and places, wherever they are found.
_SETTINGS = re.compile(
    r"""
      (?:\w+\.)*(?:
        set_option | reset_option | set_printoptions | seterr | seed | manual_seed(?:_all)?
      | set_seed | set_random_seed | seed_everything | filterwarnings | simplefilter
      | basicConfig | setLevel | getLogger | set_theme | set_style | set_context | set_palette
      | set_verbosity\w* | set_verbosity | disable_progress_bar | disable_warnings
      | load_dotenv | enable_notebook | set_matplotlib_formats | default_rng
      | set_float32_matmul_precision | set_default_dtype | set_default_device
      | use_deterministic_algorithms | makedirs | mkdir | chdir | register_matplotlib_converters
      | reload | empty_cache | set_config | set_backend | enable_eager_execution
      | set_num_threads | init_notebook_mode | output_notebook | set_seaborn_style
      )
    | gc\.collect | tqdm\.pandas | nltk\.download
    | (?:plt|mpl|matplotlib|pyplot)\.(?:style\.use|rcParams\.update|rc|use|ion|ioff|switch_backend)
    | sns\.(?:set|reset_orig|color_palette|despine)
    | (?:sys\.path|path)\.(?:append|insert) | os\.environ\.(?:setdefault|update|get|pop)
    | os\.getenv | os\.getcwd | os\.path\.(?:join|expanduser|abspath|dirname)
    | (?:\w+\.)?(?:Path|PurePath|PosixPath) | (?:torch\.)?device | (?:datetime\.)?(?:date|timedelta)
    | SimpleNamespace | types\.SimpleNamespace | Namespace | argparse\.Namespace
    | \w*(?:Config|Settings|Args|Arguments|Params|Hparams|HParams|Options)
    | (?:datetime\.)?datetime | (?:pd\.)?(?:Timestamp|Timedelta)
    | dict | frozenset | set | list | tuple | range
    """,
    re.VERBOSE,
)
#: Calls that only make ranges, where they are given literals.
_RANGES = re.compile(
    r"""
      (?:np|numpy)\.(?:arange|linspace|logspace|geomspace|datetime64|timedelta64)
    | pd\.(?:date_range|period_range|timedelta_range|to_datetime|to_timedelta)
    """,
    re.VERBOSE,
)
#: Expressions that compute nothing of their own beside what they are made of.
_MADE_OF_LOOKS = (
    ast.Attribute, ast.Await, ast.BinOp, ast.BoolOp, ast.Compare, ast.Dict, ast.FormattedValue,
    ast.IfExp, ast.JoinedStr, ast.List, ast.Set, ast.Slice, ast.Starred, ast.Subscript, ast.Tuple,
    ast.UnaryOp,
)  # fmt: skip


def call_name(call: ast.Call) -> str | None:
    """Give the dotted name of what is called, if it has one.

    Examples
    --------
    >>> call_name(ast.parse("np.random.seed(0)", mode="eval").body)
    'np.random.seed'
    """
    parts: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return ".".join([node.id, *reversed(parts)])
    return parts[0] if parts else None


def is_setting_call(call: ast.Call) -> bool:
    """Say whether a call only sets an option, a seed or a place, all of it given by literals.

    Examples
    --------
    >>> def sets(text): return is_setting_call(ast.parse(text, mode="eval").body)
    >>> sets("np.random.seed(0)"), sets("Path('data')"), sets("np.random.normal(0)")
    (True, True, False)
    """
    name = call_name(call)
    if name is None or not _is_dotted(call.func):
        return False
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if name.endswith(".eval") and not arguments:  # of a model of torch
        return True
    if _RANGES.fullmatch(name) is not None:
        return all(literal_value(argument) is not NOT_LITERAL for argument in arguments)
    return _SETTINGS.fullmatch(name) is not None and all(map(_is_plain, arguments))


def _is_dotted(node: ast.expr) -> bool:
    """Say whether it is a name or an attribute of one, and not of what a call gives."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _is_plain(node: ast.expr) -> bool:
    """Say whether an expression is made of literals, names and settings."""
    match node:
        case ast.Call():
            return is_setting_call(node)
        case ast.Dict(keys=keys, values=values):
            return all(_is_plain(part) for part in [*filter(None, keys), *values])
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return all(_is_plain(item) for item in items)
        case ast.BinOp(left=left, right=right):
            return _is_plain(left) and _is_plain(right)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return (isinstance(test, ast.Call) or _is_plain(test)) and all(
                map(_is_plain, (body, orelse))
            )
        case ast.UnaryOp(operand=operand):
            return _is_plain(operand)
        case ast.Attribute(value=value) | ast.Starred(value=value):
            return _is_plain(value)
        case _:
            return isinstance(node, (ast.Constant, ast.Name, ast.JoinedStr))


def is_look(node: ast.expr) -> bool:
    """Say whether an expression only shows what is there, or a part of it.

    Examples
    --------
    >>> def looks(text): return is_look(ast.parse(text, mode="eval").body)
    >>> looks("df.head()"), looks("print(f'{acc:.2f}')"), looks("df.mean()")
    (True, True, False)
    """
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return (name in _FUNCTIONS or _CHECKS.fullmatch(name) is not None) and _are_looks(node)
        case ast.Call(func=ast.Attribute(value=value, attr=name)):
            return name in _METHODS and is_look(value) and _are_looks(node)
        case ast.GeneratorExp(elt=elt, generators=loops) | ast.ListComp(elt=elt, generators=loops):
            parts = [part for loop in loops for part in (loop.iter, *loop.ifs)]
            return is_look(elt) and all(map(is_look, parts))
        case _ if isinstance(node, _MADE_OF_LOOKS):
            parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
            return all(is_look(part) for part in parts)
        case _:
            return False


def _are_looks(call: ast.Call) -> bool:
    return all(is_look(part) for part in [*call.args, *(k.value for k in call.keywords)])

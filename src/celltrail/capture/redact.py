"""Take secrets out of what is recorded, and leave a mark where they stood.

A thin net, not a vault: it knows the usual names of secrets and the shapes of well-known
tokens. What it misses is recorded as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from celltrail.capture.known_secrets import SHORTEST, own_patterns, remember, secret_values
from celltrail.capture.random_texts import is_random, is_suspect_name
from celltrail.capture.secret_spellings import mark_named, redact_spellings
from celltrail.capture.token_shapes import redact_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from celltrail.model import ParamValue

__all__ = ["MARK", "is_secret_name", "key_cleaner", "redact_param", "redact_text"]

#: What stands where a secret was.
MARK = "[redacted]"

#: Of a longer name, or path of names, only the end is looked at.
_MAX_NAME = 200

_SECRET_WORDS = (
    r"api_?key|(?:db|pg|sql|my|user|admin|root|login|auth|smtp|mail|email|ftp|ssh|http|proxy|mongo"
    r"|redis|mysql|postgres)_?pass|access_?key|auth_?key|private_?key|secret_?key|account_?key|signing_?key"
    r"|encryption_?key|[a-z0-9]*passwords?|passwd|passphrase|pwd|secrets?|credentials?|auth_?token"
    r"|access_?token|refresh_?token|bearer|api_?token|client_?secret|authorization"
)
_SECRET_NAME = re.compile(rf"(?:^|[._\-\s])(?:{_SECRET_WORDS}|[a-z0-9]+_key|token)$", re.IGNORECASE)
# settings of language models, and keys of tables and random numbers
_HARMLESS_NAME = re.compile(
    r"(?:^|[._])(?:(?:pad|padding|eos|bos|sep|cls|mask|unk|start|end|stop|next|prev|image|audio"
    r"|special|prompt|decoder_start|first|last|per|n|num|max|min|each|one)_token"
    r"|(?:primary|foreign|sort|group|join|index|public|partition|cache|dict|map|sorted|hash"
    r"|merge|unique|column|data|label|target|row|state|prng|rng|random|jax|rand|monitor|metric"
    r"|feature|time|date|sample|batch|class|image|text|input|output|query|loss|score|split"
    r"|dataset|config|param|cond|lookup|shard|range|default|registry|record|object|attention"
    r"|value|step|name|entity|edge|node|product|customer|item|order|surrogate|natural|composite"
    r"|candidate)_key)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# Sources may be long, and every cell passes here: each pattern takes time in proportion to
# the text. So a pattern starts only where a word starts, or what it takes is bounded, and
# what can only match in one way is possessive (``*+``).
# up to the last @ before a slash: passwords may hold one
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:@'\"]*+):([^\s/'\"]{1,500})(?=@)")
_URL_QUERY = re.compile(r"[?&;](?P<name>[\w.\-]{1,80}+)=(?P<text>[^\s&;#'\"<>{}()\\]++)")
_URL_NAME = re.compile(r"(?:^|[-_])(?:sig|signature)$", re.IGNORECASE)
# Authorization: Bearer ..., also as "Authorization": "Bearer ..."
_HEADER = re.compile(
    r"""
      \bauthorization["']?\s*+[:=,]\s*+[fFrRbB]?["']?(?:bearer|basic|token|digest|apikey)[ ]++
      (?P<text>[^\s'"{}\\]++)
    | \bbearer[ ]++(?P<alone>(?=[A-Za-z._~+/=\-]*+[0-9])[A-Za-z0-9._~+/=\-]{16,}+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# what stands before a value: name =, name: str =, name:, "name":, d["name"] =, name :=, name = [
_HEAD = re.compile(
    r"""
    (?<![\w.\-])-{0,2}(?P<name>[A-Za-z_][\w.\-]*+)
    ["']?\]?\s*+
    (?: :[ \t]*+[A-Za-z][\w.\[\]|, \t]{0,60}=(?!=) | =(?!=) | :=? )
    \s*+ (?P<open>[(\[]?+) \s*+
    """,
    re.VERBOSE,
)
_VALUE = re.compile(
    r"""
    (?P<prefix>[rRbBuUfF]{0,2})
    (?P<q>\"\"\"|\'\'\'|["'])(?P<text>(?:\\.|(?!(?P=q))[^\\])++)(?P=q)
    """,
    re.VERBOSE | re.DOTALL,
)
#: What may stand between two texts that are one, and between those of a list.
_JOINED = re.compile(r"[ \t]*+(?:\\\n[ \t]*+)?+")
_NEXT = re.compile(r"\s*+,?+\s*+")
#: A text that only puts a variable in its place tells nothing.
_ONLY_FIELD = re.compile(r"(?:\w+ )?\{[^{}\"']+\}")
_OPTION = re.compile(
    r"(?<![\w-])(?:-p|--param)(?:[ \t]++|=)[\"']?(?P<name>[A-Za-z_][\w.\-]*+)=(?P<text>[^\s\"']++)"
)
# login("..."), Client('...'): the first argument of what lets one in
_ARGUMENT = re.compile(r"\(\s*+(?P<q>[\"'])(?P<text>[A-Za-z0-9+/=_\-.~]{20,200}+)(?P=q)")
_LOGIN = re.compile(r"(?:log_?in|sign_?in|authenticate|authorize|connect|client|set_token)$", re.I)
# %env NAME=value, %env NAME value, also as IPython's tracebacks show it; export NAME=value
_ENVIRONMENT = re.compile(
    r"""
      ^[ \t]*+%(?:set_)?env[ \t]++(?P<name>\w++)(?:[ \t]*+=[ \t]*+|[ \t]++)(?P<text>[^\n]++)
    | run_line_magic\('(?:set_)?env',[ ]'(?P<name2>\w++)[ =]++(?P<text2>[^'\n]++)
    | \bexport[ \t]++(?P<name3>\w++)=(?P<text3>[^\s'"$;]++)
    """,
    re.VERBOSE | re.MULTILINE,
)


def is_secret_name(name: str) -> bool:
    """Say whether a name is one that secrets usually have.

    Examples
    --------
    >>> is_secret_name("OPENAI_API_KEY"), is_secret_name("db.password")
    (True, True)
    >>> is_secret_name("max_tokens"), is_secret_name("sort_key")
    (False, False)
    """
    name = _CAMEL.sub("_", name[-_MAX_NAME:])
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def key_cleaner() -> Callable[[str], tuple[str, int]]:
    """Give what takes secrets out of names: somebody may have made a token one.

    Returns
    -------
    callable
        Takes the name of a param, a metric, a column, a file or a class, and gives what
        `redact_text` would with the secrets that are known now; names come again and again,
        so it remembers them.

    Examples
    --------
    >>> clean = key_cleaner()
    >>> clean("accuracy"), clean("sk-abcdefghijklmnopqrstuvwxyz12345")
    (('accuracy', 0), ('[redacted]', 1))
    """
    return partial(_clean_key, known=(secret_values(_is_secret_cached), own_patterns()))


@lru_cache(maxsize=4096)
def _clean_key(name: str, known: object) -> tuple[str, int]:  # of which it holds
    return (name, 0) if len(name) < SHORTEST else redact_text(name)


@lru_cache(maxsize=4096)
def _is_suspect(name: str) -> bool:
    """Say whether what looks random is a secret under this name."""
    name = _CAMEL.sub("_", name)
    return is_suspect_name(name) and not _HARMLESS_NAME.search(name)


@lru_cache(maxsize=4096)
def _is_secret_cached(name: str) -> bool:
    return is_secret_name(name)


def redact_text(text: str) -> tuple[str, int]:
    """Give a text without the secrets that stand in it.

    Parameters
    ----------
    text
        Source code, a note, an error message.

    Returns
    -------
    (str, int)
        The text, with a mark in the place of each secret, and how many there were.

    Examples
    --------
    >>> redact_text('api_key = "abc123"')
    ('api_key = "[redacted]"', 1)
    >>> redact_text("get('https://example.org/?token=abc123&page=2')")
    ("get('https://example.org/?token=[redacted]&page=2')", 1)
    """
    if not text or text.isspace():
        return text, 0
    text, count = redact_tokens(text, MARK)
    text, more = _URL_PASSWORD.subn(rf"\1:{MARK}", text)
    count += more
    for clean in (_redact_headers, _redact_assignments, _redact_logins, _redact_options):
        text, more = clean(text)
        count += more
    # after what shows by its place: a value may be a part of a longer one
    for known in (secret_values(_is_secret_cached), *own_patterns()):
        if known is not None:
            text, more = known.subn(lambda match: MARK if match[0] else "", text)
            count += more
    return text, count


def _redact_headers(text: str) -> tuple[str, int]:
    small = text.lower()
    if "bearer" not in small and "authorization" not in small:
        return text, 0
    return mark_named(_HEADER, text, MARK, is_secret_name)


def _redact_options(text: str) -> tuple[str, int]:
    """Mark values that stand without quotes: in URLs, options of magics and shell lines."""
    count = 0
    for pattern, pieces in ((_OPTION, ("-p", "--param")), (_ENVIRONMENT, ("env", "export"))):
        if any(piece in text for piece in pieces):
            text, more = mark_named(pattern, text, MARK, is_secret_name)
            count += more
    text, more = mark_named(_URL_QUERY, text, MARK, _is_secret_query)
    count += more
    text, more = redact_spellings(text, MARK, _is_secret_cached)
    return text, count + more


def _is_secret_query(name: str) -> bool:
    return is_secret_name(name) or _URL_NAME.search(name) is not None


def _redact_assignments(text: str) -> tuple[str, int]:
    """Mark texts in quotes that are given a secret's name."""
    parts = []
    done = 0
    for head in _HEAD.finditer(text):
        name = head["name"][-_MAX_NAME:]
        is_secret = _is_secret_cached(name)
        if head.start() < done or not (is_secret or _is_suspect(name)):
            continue
        value = _VALUE.match(text, head.end())
        while value is not None:
            tells = is_secret or is_random(value["text"])
            is_field = "f" in value["prefix"].lower() and _ONLY_FIELD.fullmatch(value["text"])
            if tells and not is_field and MARK not in value["text"]:
                parts += [text[done : value.start("text")], MARK]
                done = value.end("text")
                if is_secret:
                    remember(value["text"])
            # what is written in several parts, or is one of several
            between = (_NEXT if head["open"] else _JOINED).match(text, value.end())
            value = None if between is None else _VALUE.match(text, between.end())
    return "".join([*parts, text[done:]]), len(parts) // 2


def _redact_logins(text: str) -> tuple[str, int]:
    """Mark what looks random and is given to a function that lets one in."""
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        before = text[max(0, match.start() - 20) : match.start()]
        if not _LOGIN.search(before) or not is_random(match["text"]):
            return match[0]
        count += 1
        return match[0].replace(match["text"], MARK)

    return _ARGUMENT.sub(replace, text), count


def redact_param(key: str, value: ParamValue) -> tuple[Any, int]:
    """Give a param's value without secrets, by its name and by its text.

    Parameters
    ----------
    key
        The param's name; what stands below a secret's name (``credentials.user``) is
        secret too.
    value
        Its value; lists and mappings are looked through.

    Returns
    -------
    (object, int)
        The value, and how many secrets were taken out. Bools, None and empty values are
        never secrets.

    Examples
    --------
    >>> redact_param("token", "abc"), redact_param("lr", 0.1)
    (('[redacted]', 1), (0.1, 0))
    >>> redact_param("credentials", {"user": "me", "pin": 1234})
    ({'user': '[redacted]', 'pin': '[redacted]'}, 2)
    """
    if isinstance(value, dict):
        pairs = {k: redact_param(f"{key}.{k}", v) for k, v in value.items()}
        return {k: v for k, (v, _) in pairs.items()}, sum(n for _, n in pairs.values())
    if isinstance(value, (list, tuple)):
        parts = [redact_param(key, v) for v in value]
        return [v for v, _ in parts], sum(n for _, n in parts)
    if value is None or value == "" or isinstance(value, bool):
        return value, 0
    names = key[-_MAX_NAME:].split(".")
    if any(is_secret_name(name) for name in [*names, key]):
        return MARK, 1
    if isinstance(value, str) and _is_suspect(key[-_MAX_NAME:]) and is_random(value):
        return MARK, 1
    return redact_text(value) if isinstance(value, str) else (value, 0)

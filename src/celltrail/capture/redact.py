"""Take secrets out of what is recorded, and leave a mark where they stood.

A thin net, not a vault: it knows the usual names of secrets and the shapes of well-known
tokens. What it misses is recorded as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from celltrail.capture.known_secrets import own_patterns, secret_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from celltrail.model import ParamValue

__all__ = ["MARK", "is_secret_name", "redact_param", "redact_text"]

#: What stands where a secret was.
MARK = "[redacted]"

#: Of a longer name, or path of names, only the end is looked at.
_MAX_NAME = 200

_SECRET_WORDS = (
    r"api_?key|access_?key|auth_?key|private_?key|secret_?key|account_?key|signing_?key"
    r"|encryption_?key|passwords?|passwd|passphrase|pwd|secrets?|credentials?|auth_?token"
    r"|access_?token|refresh_?token|bearer|api_?token|client_?secret|authorization"
)
_SECRET_NAME = re.compile(rf"(?:^|[._\-\s])(?:{_SECRET_WORDS}|[a-z0-9]+_key|token)$", re.IGNORECASE)
# settings of language models, and keys of tables and random numbers
_HARMLESS_NAME = re.compile(
    r"(?:^|[._])(?:(?:pad|padding|eos|bos|sep|cls|mask|unk|start|end|stop|next|prev|image|audio"
    r"|special|prompt|decoder_start|first|last|per|n|num|max|min|each|one)_token"
    r"|(?:primary|foreign|sort|group|join|index|public|partition|cache|dict|map|sorted|hash"
    r"|merge|unique|column|data|label|target|row|state|prng|rng|random|jax|rand)_key)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# Sources may be long, and every cell passes here: each pattern takes time in proportion to
# the text. So a pattern starts only where a word starts, or what it takes is bounded, and
# what can only match in one way is possessive (``*+``).
_TOKEN = re.compile(
    r"""
      \bsk-[A-Za-z0-9_-]{20,}                           # OpenAI, Anthropic
    | \bgh[pousr]_[A-Za-z0-9]{30,} | \bgithub_pat_[A-Za-z0-9_]{40,}
    | \bglpat-[A-Za-z0-9_-]{20,}
    | \bhf_[A-Za-z0-9]{30,}
    | \bpypi-[A-Za-z0-9_-]{50,}
    | \bnpm_[A-Za-z0-9]{36}\b
    | \b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,} | \bwhsec_[A-Za-z0-9+/]{20,}   # Stripe
    | \bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,}    # SendGrid
    | \b(?:AC|SK)[0-9a-f]{32}\b                          # Twilio
    | \bkey-[0-9a-f]{32}\b                               # Mailgun
    | \bdapi[0-9a-f]{32}\b                               # Databricks
    | \bdop_v1_[0-9a-f]{64}\b | \bdoo_v1_[0-9a-f]{64}\b | \bdckr_pat_[A-Za-z0-9_-]{20,}
    | \bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b             # Shopify
    | \bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,} | \bEAAA[A-Za-z0-9_-]{60}\b   # Square
    | \b\d{8,10}:AA[A-Za-z0-9_-]{33}\b                   # Telegram
    | \b[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}   # Discord
    | \bNRAK-[A-Z0-9]{27}\b | \bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b | \bglc_[A-Za-z0-9+/]{32,}
    | \blin_api_[A-Za-z0-9]{40}\b | \b(?:secret|ntn)_[A-Za-z0-9]{43,50}\b
    | \bfigd_[A-Za-z0-9_-]{40,}
    | \bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b               # Airtable
    | \bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b                 # Postman
    | \bdp\.(?:pt|st|ct|sa)\.[A-Za-z0-9._-]{40,}          # Doppler
    | \bhv[sbr]\.[A-Za-z0-9_-]{24,}                      # Vault
    | \b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}     # Terraform
    | \bpul-[0-9a-f]{40}\b | \brpa_[A-Za-z0-9]{40,} | \br8_[A-Za-z0-9]{37}\b
    | \bgsk_[A-Za-z0-9]{40,} | \bxai-[A-Za-z0-9]{60,} | \bpplx-[A-Za-z0-9]{40,}
    | \bAGE-SECRET-KEY-1[0-9A-Z]{50,} | \bya29\.[A-Za-z0-9_-]{20,} | \b1//0[A-Za-z0-9_-]{30,}
    | \bsntr[yu]s?_[A-Za-z0-9+/=_-]{30,} | \bATATT3[A-Za-z0-9_=-]{40,} | \bATCTT3[A-Za-z0-9_=-]{40,}
    | \bhttps://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}
    | \bhttps://discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]{20,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                     # AWS
    | \bAIza[0-9A-Za-z_-]{35}                           # Google
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}                  # Slack
    | (?<!\w)eyJ[A-Za-z0-9_-]{10,}+\.eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]+   # JWT
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----
      (?:[^-]|-(?!----(?:BEGIN|END)[ ]))*+
      -----END[ ][A-Z ]*PRIVATE[ ]KEY-----
    """,
    re.VERBOSE,
)
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:@'\"]*+):([^\s/@'\"]++)(?=@)")
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
# what stands before a value: name =, name: str =, name:, "name":, d["name"] =
_HEAD = re.compile(
    r"""
    (?<![\w.\-])-{0,2}(?P<name>[A-Za-z_][\w.\-]*+)
    ["']?\]?\s*+
    (?: :[ \t]*+[A-Za-z][\w.\[\]|, \t]{0,60}=(?!=) | =(?!=) | :(?!=) )
    \s*+
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
#: A text that only puts a variable in its place tells nothing.
_ONLY_FIELD = re.compile(r"(?:\w+ )?\{[^{}\"']+\}")
_OPTION = re.compile(
    r"(?<![\w-])(?:-p|--param)(?:[ \t]++|=)[\"']?(?P<name>[A-Za-z_][\w.\-]*+)=(?P<text>[^\s\"']++)"
)
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
    count = 0
    for known in (secret_values(_is_secret_cached), *own_patterns()):
        if known is not None:
            text, more = known.subn(lambda match: MARK if match[0] else "", text)
            count += more
    text, more = _TOKEN.subn(MARK, text)
    count += more
    text, more = _URL_PASSWORD.subn(rf"\1:{MARK}", text)
    count += more
    for clean in (_redact_headers, _redact_assignments, _redact_options):
        text, more = clean(text)
        count += more
    return text, count


def _redact_headers(text: str) -> tuple[str, int]:
    return _mark(_HEADER, text)


def _redact_options(text: str) -> tuple[str, int]:
    """Mark values that stand without quotes: in URLs, options of magics and shell lines."""
    count = 0
    for pattern in (_OPTION, _ENVIRONMENT):
        text, more = _mark(pattern, text)
        count += more
    text, more = _mark(_URL_QUERY, text, lambda n: is_secret_name(n) or bool(_URL_NAME.search(n)))
    return text, count + more


def _mark(
    pattern: re.Pattern[str], text: str, is_secret: Callable[[str], bool] = is_secret_name
) -> tuple[str, int]:
    """Mark what the last group of a match holds, if the group before is a secret's name.

    A pattern without groups for names has only groups to be marked.
    """
    count = 0
    named = any(group.startswith("name") for group in pattern.groupindex)

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        index = match.lastindex or 0
        if MARK in match[index]:
            return match[0]
        if named and not is_secret(match[index - 1]):
            return match[0]
        count += 1
        start, end = (i - match.start() for i in match.span(index))
        return match[0][:start] + MARK + match[0][end:]

    return pattern.sub(replace, text), count


def _redact_assignments(text: str) -> tuple[str, int]:
    """Mark texts in quotes that are given a secret's name."""
    parts = []
    done = 0
    for head in _HEAD.finditer(text):
        if head.start() < done or not is_secret_name(head["name"]):
            continue
        value = _VALUE.match(text, head.end())
        if value is None or MARK in value["text"]:
            continue
        if "f" in value["prefix"].lower() and _ONLY_FIELD.fullmatch(value["text"]):
            continue
        parts += [text[done : value.start("text")], MARK]
        done = value.end("text")
    return "".join([*parts, text[done:]]), len(parts) // 2


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
    return redact_text(value) if isinstance(value, str) else (value, 0)

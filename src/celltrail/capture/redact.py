"""Take secrets out of what is recorded, and leave a mark where they stood.

A thin net, not a vault: it knows the usual names of secrets and the shapes of well-known
tokens. What it misses is recorded as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from celltrail.model import ParamValue

__all__ = ["MARK", "is_secret_name", "redact_param", "redact_text"]

#: What stands where a secret was.
MARK = "[redacted]"

_SECRET_WORDS = (
    r"api_?key|access_?key|auth_?key|private_?key|secret_?key|account_?key|signing_?key"
    r"|encryption_?key|passwords?|passwd|passphrase|pwd|secrets?|credentials?|auth_?token"
    r"|access_?token|refresh_?token|bearer|api_?token|client_?secret"
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

_TOKEN = re.compile(
    r"""
      \bsk-(?:[A-Za-z]+-)*[A-Za-z0-9_-]{20,}            # OpenAI, Anthropic
    | \bgh[pousr]_[A-Za-z0-9]{30,} | \bgithub_pat_[A-Za-z0-9_]{40,}
    | \bglpat-[A-Za-z0-9_-]{20,}
    | \bhf_[A-Za-z0-9]{30,}
    | \bpypi-[A-Za-z0-9_-]{50,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                     # AWS
    | \bAIza[0-9A-Za-z_-]{35}                           # Google
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}                  # Slack
    | \beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+   # JWT
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?-----END[ ][A-Z ]*PRIVATE[ ]KEY-----
    """,
    re.VERBOSE | re.DOTALL,
)
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:@'\"]*):([^\s/@'\"]+)(?=@)")
# name = "value", name: 'value', "name": "value", -p name=value, --name value
_ASSIGNMENT = re.compile(
    r"""
    (?P<name>[A-Za-z_][\w.\-]*)
    (?P<quote>["']?)\]?
    \s*(?:=(?!=)|:(?!=))\s*
    (?P<prefix>[rRbBuUfF]{0,2})
    (?: (?P<q>\"\"\"|'''|["'])(?P<text>(?:\\.|(?!(?P=q)).)+)(?P=q) )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPTION = re.compile(r"(?P<head>(?:-p|--param)[ =]+(?P<name>[\w.\-]+)=)(?P<text>[^\s\"']+)")


def is_secret_name(name: str) -> bool:
    """Say whether a name is one that secrets usually have.

    Examples
    --------
    >>> is_secret_name("OPENAI_API_KEY"), is_secret_name("db.password")
    (True, True)
    >>> is_secret_name("max_tokens"), is_secret_name("sort_key")
    (False, False)
    """
    name = _CAMEL.sub("_", name)
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


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
    """
    count = 0

    def mark(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return MARK

    def mark_value(match: re.Match[str]) -> str:
        if not is_secret_name(match["name"]) or MARK in match["text"]:
            return match[0]
        nonlocal count
        count += 1
        start, end = (i - match.start() for i in match.span("text"))
        return match[0][:start] + MARK + match[0][end:]

    def mark_password(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f"{match[1]}:{MARK}"

    text = _TOKEN.sub(mark, text)
    text = _URL_PASSWORD.sub(mark_password, text)
    text = _ASSIGNMENT.sub(mark_value, text)
    return _OPTION.sub(mark_value, text), count


def redact_param(key: str, value: ParamValue) -> tuple[Any, int]:
    """Give a param's value without secrets, by its name and by its text.

    Parameters
    ----------
    key
        The param's name.
    value
        Its value; lists and mappings are looked through.

    Returns
    -------
    (object, int)
        The value, and how many secrets were taken out.

    Examples
    --------
    >>> redact_param("token", "abc"), redact_param("lr", 0.1)
    (('[redacted]', 1), (0.1, 0))
    """
    if type(value) is str:
        if value and is_secret_name(key):
            return MARK, 1
        return redact_text(value)
    if isinstance(value, dict):
        pairs = {k: redact_param(k, v) for k, v in value.items()}
        return {k: v for k, (v, _) in pairs.items()}, sum(n for _, n in pairs.values())
    if isinstance(value, (list, tuple)):
        parts = [redact_param(key, v) for v in value]
        return [v for v, _ in parts], sum(n for _, n in parts)
    return value, 0

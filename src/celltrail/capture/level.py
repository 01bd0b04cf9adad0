"""How much is recorded: everything, no outputs, or nothing but values."""

from __future__ import annotations

import hashlib

from celltrail.capture.redact import redact_text

__all__ = ["described_level", "recorded_source"]

_SENTENCES = {
    "full": "code, values, data shapes, outputs and git changes",
    "code": "code, values and git changes, but no outputs and no names of columns",
    "values": "params and metrics, but neither code nor outputs",
}


def recorded_source(text: str, level: str) -> str:
    """Give a source text as it is recorded: without secrets, or only its address.

    Parameters
    ----------
    text
        The source.
    level
        The setting ``capture``.

    Examples
    --------
    >>> recorded_source("x = 1", "full")
    'x = 1'
    >>> recorded_source("x = 1", "values")[:42]
    '# not recorded (capture = "values"), SHA-2'
    """
    if level != "values" or not text:
        return redact_text(text)[0]
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f'# not recorded (capture = "values"), SHA-256 {sha256}'


def described_level(level: str) -> str:
    """Say in a few words what a level records.

    Examples
    --------
    >>> described_level("values")
    'params and metrics, but neither code nor outputs'
    """
    return _SENTENCES[level]

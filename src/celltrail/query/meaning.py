"""What metrics mean: their direction, unit and format, set once for a whole store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from celltrail.capture.redact import key_cleaner, redact_text
from celltrail.errors import OptionError, StoreError, UsageError
from celltrail.model import METRIC_FORMAT, UNIT_LENGTH, MetricMeaning
from celltrail.query.direction import lower_is_better
from celltrail.record.session import session_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celltrail.store import Store

__all__ = ["define_metric", "meaning_of", "primary_first"]

_STATISTICS = (".min", ".max", ".mean", ".last")


def define_metric(
    store: Store,
    name: str,
    *,
    minimize: bool | None = None,
    unit: str | None = None,
    format: str | None = None,
    primary: bool | None = None,
) -> MetricMeaning:
    """Say what a metric means; safe from ``kill -9`` when it returns.

    Parameters
    ----------
    store
        Where it is kept.
    name
        The metric's name.
    minimize, unit, format, primary
        As in `celltrail.metric`; None leaves what is known.

    Raises
    ------
    OptionError, UsageError
        As there.
    """
    name = key_cleaner()(str(name))[0]
    if not name.strip():
        message = "the name of a metric must not be empty."
        raise UsageError(message)
    said: dict[str, bool | str] = {}
    truths: dict[str, Any] = {"minimize": minimize, "primary": primary}
    for word, truth in truths.items():
        if isinstance(truth, str):  # "false" would be true
            message = f"{word} is {truth!r}: give True or False."
            raise OptionError(message)
        if truth is not None:
            said[word] = bool(truth)
    if unit is not None:
        said["unit"] = redact_text(" ".join(str(unit).split()))[0][:UNIT_LENGTH]
    if format is not None:
        said["format"] = _checked(format)
    if said:
        session_for(store.path).writer.event("meaning", metric=name, said=said)
    try:
        known = store.meanings()
    except StoreError:  # what was said is safe all the same
        if not said:
            raise
        known = {name: MetricMeaning(name, **said)}  # type: ignore[arg-type]
    return meaning_of(name, known)


def _checked(format: str) -> str:
    text = str(format)
    if text and not METRIC_FORMAT.fullmatch(text):
        message = (
            f'a format is {text!r}: give one such as ".3f", ".1%", ".2e", ".4g", "," and "d", '
            'as in Python; an empty one for "as it suits".'
        )
        raise OptionError(message)
    return text


def meaning_of(name: str, meanings: Mapping[str, MetricMeaning]) -> MetricMeaning:
    """Give what a metric means: as it was said, or else as far as its name tells.

    Parameters
    ----------
    name
        The metric's name, or a statistic of it such as ``"loss.min"``.
    meanings
        What the store knows.

    Examples
    --------
    >>> meaning_of("val_loss", {}).minimize
    True
    """
    found = meanings.get(name)
    if found is None and name.endswith(_STATISTICS):
        found = meanings.get(name.rpartition(".")[0])
    found = MetricMeaning(name) if found is None else replace(found, name=name)
    return found if found.minimize is not None else replace(found, minimize=lower_is_better(name))


def primary_first(names: list[str], meanings: Mapping[str, MetricMeaning]) -> list[str]:
    """Put primary metrics first, those that were said of last before the others."""
    order = {m.name: -place for place, m in enumerate(meanings.values()) if m.primary}
    return sorted(names, key=lambda name: order.get(name, 1))

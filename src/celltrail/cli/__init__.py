"""The command ``celltrail``: a store from the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.lazy import resolver

if TYPE_CHECKING:
    from celltrail.cli.command import main

__all__ = ["main"]

# What a script is run by is in this package too, and is to bring along as little as it can.
__getattr__ = resolver(__name__, {"main": "command"})

"""The command ``celltrail``: a store from the shell."""

from __future__ import annotations

from celltrail.cli.command import main

__all__ = ["main"]

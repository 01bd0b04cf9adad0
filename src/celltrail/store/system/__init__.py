"""What differs between operating systems, with one twin module for each kind.

Nothing else in celltrail imports ``fcntl`` or ``msvcrt``, or asks ``sys.platform``.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from celltrail.store.system.windows import (
        UNLINKS_OPEN_FILES,
        boot_id,
        interrupt_main,
        lock_holders,
        process_started,
        try_lock,
        unlock,
    )
else:
    from celltrail.store.system.posix import (
        UNLINKS_OPEN_FILES,
        boot_id,
        interrupt_main,
        lock_holders,
        process_started,
        try_lock,
        unlock,
    )

from celltrail.store.system.fork import at_fork, importing, keep_alive, may_start_threads
from celltrail.store.system.process import is_suspended

__all__ = [
    "UNLINKS_OPEN_FILES",
    "at_fork",
    "boot_id",
    "importing",
    "interrupt_main",
    "is_suspended",
    "keep_alive",
    "lock_holders",
    "may_start_threads",
    "process_started",
    "try_lock",
    "unlock",
]

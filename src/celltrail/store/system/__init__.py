"""What differs between operating systems, with one twin module for each kind.

Nothing else in celltrail imports ``fcntl`` or ``msvcrt``, or asks ``sys.platform``.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from celltrail.store.system.windows import boot_id, process_started, try_lock, unlock
else:
    from celltrail.store.system.posix import boot_id, process_started, try_lock, unlock

from celltrail.store.system.fork import at_fork, keep_alive

__all__ = ["at_fork", "boot_id", "keep_alive", "process_started", "try_lock", "unlock"]

"""Finding out what is wrong with a store, and putting it right after a backup.

Of no use to a store that is well, so nothing else of celltrail imports it; it also looks at
one that cannot be opened at all.
"""

from __future__ import annotations

from celltrail.store.doctor.examine import examine
from celltrail.store.doctor.finding import Finding, Report
from celltrail.store.doctor.repair import repair

__all__ = ["Finding", "Report", "examine", "repair"]

"""``python -m celltrail``."""

from __future__ import annotations

import sys

from celltrail.cli import main

if __name__ == "__main__":
    sys.exit(main())

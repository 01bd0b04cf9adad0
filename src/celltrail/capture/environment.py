"""The environment that code runs in: Python, installed packages, the machine."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any, TypedDict

from celltrail.capture.gpus import gpu_names

__all__ = ["Environment", "describe_environment", "packages_stamp"]

_INSTALLED = re.compile(r"([^-]+)-(.+?)(?:-py[\d.]+(?:-.+)?)?\.(?:dist-info|egg-info|egg)")
_SEPARATORS = re.compile(r"[-_.]+")
_PROCESSOR = re.compile(r"^model name\s*:\s*(.+)", re.MULTILINE)


class Environment(TypedDict):
    """What is needed to judge whether two runs ran in the same environment.

    Attributes
    ----------
    python
        Such as ``"3.11.7"``.
    platform
        Such as ``"Linux-6.1-x86_64-with-glibc2.36"``.
    packages
        Installed distributions, by their normalised names.
    machine
        ``processor``, ``cpus``, ``memory`` (bytes), ``gpus`` (names, where there are any),
        ``implementation``, ``executable``.
    """

    python: str
    platform: str
    packages: dict[str, str]
    machine: dict[str, Any]


def describe_environment() -> Environment:
    """Describe the environment of this process.

    Returns
    -------
    Environment
        Equal whenever nothing has changed.

    Notes
    -----
    Starts no process, and takes the packages from the names of their folders: reading the
    metadata of each would hold up a cell that runs meanwhile, since both need Python.
    """
    return {
        "python": platform.python_version(),
        "platform": _system(),
        "packages": _packages(),
        "machine": _machine(),
    }


def packages_stamp() -> tuple[tuple[str, int], ...]:
    """Give what changes when packages are installed or removed; costs microseconds.

    Examples
    --------
    >>> packages_stamp() == packages_stamp()
    True
    """
    stamps = []
    for folder in sys.path:
        try:
            stamps.append((folder, os.stat(folder or ".").st_mtime_ns))  # noqa: PTH116  # 5 times faster
        except (OSError, ValueError):
            continue
    return tuple(stamps)


def _system() -> str:
    """Say what `platform.platform` says, which would start a program to find out more."""
    mac = platform.mac_ver()[0]
    name, release = ("macOS", mac) if mac else (platform.system(), platform.release())
    parts = [name, release, platform.machine()]
    library = "".join(platform.libc_ver())
    return "-".join([*parts, "with", library] if library else parts)


def _packages() -> dict[str, str]:
    """List the packages by the names of their folders, which hold name and version.

    See the Python packaging user guide, "Recording installed projects". What is installed
    in another way (a folder of sources on ``sys.path``) has no version, and is not listed.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = sorted(entry.name for entry in os.scandir(folder or "."))
        except (OSError, ValueError):  # zip files, folders that are gone
            continue
        for name in names:
            if match := _INSTALLED.fullmatch(name):
                package = _SEPARATORS.sub("-", match[1]).lower()
                found.setdefault(package, match[2])  # first on the path wins
    return dict(sorted(found.items()))


def _machine() -> dict[str, Any]:
    gpus = gpu_names()
    return {
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "memory": _memory(),
        **({"gpus": gpus} if gpus else {}),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
    }


def _processor() -> str:
    """Name the processor; `platform.processor` would start a program to find out."""
    try:
        found = _PROCESSOR.search(Path("/proc/cpuinfo").read_text("utf-8", "replace"))
    except OSError:  # not Linux
        found = None
    if found:
        return found[1].strip()
    return os.environ.get("PROCESSOR_IDENTIFIER") or platform.machine()


def _memory() -> int:
    """Give the machine's memory in bytes, without importing much where the system says it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        import psutil

        return int(psutil.virtual_memory().total)

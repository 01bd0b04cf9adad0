"""NVIDIA's GPUs: which there are, and how busy they are."""

from __future__ import annotations

import functools
import os
import sys
from contextlib import suppress
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

__all__ = ["Gpus", "gpu_names"]

#: The name of our copy of NVIDIA's library.
_OWN = "_celltrail_nvml"
_FOLDERS = Path("/proc/driver/nvidia/gpus")


class Gpus:
    """The GPUs that this process may use, as NVIDIA's library sees them."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._devices: list[tuple[int, Any]] = []
        with suppress(Exception):  # no driver, or one that does not fit the library
            nvml = _library()
            if nvml is not None:
                nvml.nvmlInit()
                chosen = _visible(nvml.nvmlDeviceGetCount())
                self._devices = [(i, nvml.nvmlDeviceGetHandleByIndex(i)) for i in chosen]
                self._nvml = nvml

    def sample(self) -> dict[str, float]:
        """Give ``gpu0_percent``, ``gpu0_memory_bytes`` and ``gpu0_watts`` of each."""
        found: dict[str, float] = {}
        nvml = self._nvml
        for i, device in self._devices:
            # Each alone: a slice of a GPU (MIG) tells its memory and not how busy it is.
            with suppress(Exception):
                found[f"gpu{i}_percent"] = float(nvml.nvmlDeviceGetUtilizationRates(device).gpu)
            with suppress(Exception):
                found[f"gpu{i}_memory_bytes"] = float(nvml.nvmlDeviceGetMemoryInfo(device).used)
            with suppress(Exception):
                found[f"gpu{i}_watts"] = nvml.nvmlDeviceGetPowerUsage(device) / 1000
        return found


def _visible(count: int) -> list[int]:
    """Give the numbers of the GPUs that ``CUDA_VISIBLE_DEVICES`` names; all where it names none.

    Names that are no numbers (``GPU-8932f937``) are not looked up: then all are meant.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    parts = [part.strip() for part in (named or "").split(",")]
    if named is None or not all(part.lstrip("-").isdigit() for part in parts if part):
        return list(range(count))
    chosen: list[int] = []
    for part in filter(None, parts):
        if not 0 <= int(part) < count:
            break  # as CUDA does: what comes after one that does not exist is not seen
        chosen.append(int(part))
    return chosen


def gpu_names() -> list[str]:
    """Name the machine's NVIDIA GPUs, in order of their places on the bus.

    Linux's driver tells it by files, so that no library is loaded and no GPU is woken;
    elsewhere ``nvidia-ml-py`` is asked if it is installed.

    Examples
    --------
    >>> isinstance(gpu_names(), list)
    True
    """
    try:
        folders = sorted(_FOLDERS.iterdir())
    except OSError:
        return _names_by_library()
    names = []
    for folder in folders:
        with suppress(OSError):
            text = (folder / "information").read_text("utf-8", "replace")
            models = [line for line in text.splitlines() if line.startswith("Model:")]
            names += [line.partition(":")[2].strip() for line in models]
    return names


def _names_by_library() -> list[str]:
    names: list[str] = []
    with suppress(Exception):  # no driver, or one that does not fit the library
        nvml = _library() if os.name == "nt" else None
        if nvml is not None:
            nvml.nvmlInit()
            for i in range(nvml.nvmlDeviceGetCount()):
                found = nvml.nvmlDeviceGetName(nvml.nvmlDeviceGetHandleByIndex(i))
                names.append(found.decode() if isinstance(found, bytes) else str(found))
    return names


@functools.cache
def _library() -> Any:
    """Load a copy of NVIDIA's library of our own, or give None where it is not installed.

    ``import pynvml`` warns, in the user's cell, where a package of the old name stands beside
    it; and what the user's code does to the module is none of our business.
    """
    spec = PathFinder.find_spec("pynvml")
    if spec is None or spec.origin is None:
        return None
    folders = spec.submodule_search_locations
    own = spec_from_file_location(_OWN, spec.origin, submodule_search_locations=folders)
    if own is None or own.loader is None:
        return None
    module = sys.modules[_OWN] = module_from_spec(own)  # where it looks for itself
    try:
        own.loader.exec_module(module)
    except BaseException:  # any; it goes on to the callers, for whom there is no GPU then
        sys.modules.pop(_OWN, None)
        raise
    return module

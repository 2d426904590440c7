"""What it was measured on, and with which versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from bench import memory
from bench.plan import CORES

_PACKAGES = (
    *("diffmst", "torch", "numba", "llvmlite", "numpy", "scipy"),
    *("dasp-pytorch", "torchlpc", "torchcomp", "GRAFX", "pedalboard"),
)


def machine() -> dict[str, Any]:
    """Processor, cores in use, memory, system, and the accelerator if there is one."""
    return {
        "processor": _processor(),
        "cores": CORES,
        "memory_gb": round(memory.total_mb() / 1e3, 1) if memory.MEASURABLE else None,
        "system": platform.platform(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def versions() -> dict[str, str | None]:
    """Of Python and all packages that take part; None for one that is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    vectors = [flag for flag in ("avx2", "avx512f") if any(flag in line.split() for line in lines)]
    return f"{next(names, platform.processor())} ({', '.join(vectors) or platform.machine()})"

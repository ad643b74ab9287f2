"""The machine that figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from quasar_index.index.manifest import library_versions


def describe_machine() -> dict[str, Any]:
    """Return processor, cores, threads, memory, GPU and library versions; None where something is not known."""
    import faiss
    import torch

    cpu = Path("/proc/cpuinfo")
    text = cpu.read_text(encoding="utf-8") if cpu.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    flags = set(next((line.split() for line in text.splitlines() if line.startswith("flags")), []))
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": names[0] if names else platform.processor() or None,
        "cores": os.cpu_count(),
        "usable_cores": usable,
        "vector_instructions": sorted(flags & {"avx2", "avx512f", "avx512_bf16", "amx_bf16"}),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "torch_threads": torch.get_num_threads(),
        "faiss_threads": faiss.omp_get_max_threads(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None,
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": library_versions(),
    }

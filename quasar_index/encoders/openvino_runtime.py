"""OpenVINO as a runtime of exported image towers on a CPU: the extra `quasar-index[openvino]`.

It runs the file of `exported.py` in float32 (or bfloat16 where the processor has it), with layers fused and memory
reused.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..arrays import ByteArray, FloatArray
from ..errors import EncoderError, first_line
from ..threads import n_cores


def is_installed() -> bool:
    """Whether the extra is there; loads nothing."""
    return find_spec("openvino") is not None


def check_installed() -> None:
    """Raise the EncoderError of a wish for OpenVINO where the extra is not there."""
    if not is_installed():
        raise EncoderError("OpenVINO is not installed", "pip install -e '.[openvino]', or drop --precision")


def open_file(path: Path, *, precision: str) -> Callable[[ByteArray], FloatArray]:
    """Read and compile an exported image tower.

    Args:
        path: Its file.
        precision: "f32" or "bf16".

    Returns:
        A function that embeds a batch: (B, H, W, 3) uint8 to (B, D) float32.

    Raises:
        EncoderError: When the extra is not installed, cannot read the file, or the processor has no bfloat16.
    """
    check_installed()
    # Else a process may be forked that reports the use to its makers; without the package, OpenVINO reports nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    core = openvino.Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise EncoderError("this processor has no bfloat16", "use --precision openvino")
    logging.getLogger("openvino").setLevel(logging.ERROR)
    settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_NUM_THREADS": n_cores()}  # fmt: skip
    try:
        compiled = core.compile_model(core.read_model(path), "CPU", settings)
    except RuntimeError as error:
        raise EncoderError(f"'{path}' cannot be used by OpenVINO ({first_line(error)})", "drop --precision") from error

    def forward(batch: ByteArray) -> FloatArray:
        return np.array(compiled(np.ascontiguousarray(batch))[0], dtype=np.float32)

    return forward

"""OpenVINO as a runtime of image towers on a CPU: the extra `quasar-index[openvino]`.

The tower is traced once, with its normalisation, for batches of any number of images of any size. It then runs in
float32 (or bfloat16 where the processor has it), with layers fused and memory reused.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch

from ..arrays import ByteArray, FloatArray
from ..errors import EncoderError


def is_installed() -> bool:
    """Whether the extra is there; loads nothing."""
    return find_spec("openvino") is not None


def compile_tower(
    network: Callable[[torch.Tensor], torch.Tensor], example: ByteArray, *, precision: str, n_threads: int
) -> Callable[[ByteArray], FloatArray]:
    """Convert and compile an image tower.

    Args:
        network: Maps (B, H, W, 3) uint8 to (B, D) float32; none of its tensors needs a gradient.
        example: Images to trace it with, (B, H, W, 3) uint8.
        precision: "f32" or "bf16".
        n_threads: Of the computation.

    Returns:
        A function that embeds a batch: (B, H, W, 3) uint8 to (B, D) float32.

    Raises:
        EncoderError: When the extra is not installed, or the processor has no bfloat16.
    """
    if not is_installed():
        raise EncoderError("OpenVINO is not installed", "pip install 'quasar-index[openvino]', or drop --precision")
    # Else each conversion forks a process that reports it to its makers; without the package, OpenVINO reports nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    core = openvino.Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise EncoderError("this processor has no bfloat16", "use --precision openvino")

    class Tower(torch.nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return network(pixels)

    with torch.inference_mode(mode=False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of what the check of the result below answers
        logging.getLogger("openvino").setLevel(logging.ERROR)
        model = openvino.convert_model(
            Tower().eval(), example_input=torch.from_numpy(np.ascontiguousarray(example)), input=[(-1, -1, -1, 3)]
        )
    compiled = core.compile_model(
        model,
        "CPU",
        {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": n_threads},
    )

    def forward(batch: ByteArray) -> FloatArray:
        return np.array(compiled(batch)[0], dtype=np.float32)

    return forward

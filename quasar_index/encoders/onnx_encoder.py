"""Image towers in ONNX Runtime, on a CPU: ready to embed in a tenth of a second, without PyTorch.

The file of a tower (`exported.py`) takes (n, height, width, 3) uint8 pixels, whose normalisation is part of it, and
gives (n, D) float32 embeddings. OpenVINO, where it is installed, reads the same file.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from ..arrays import ByteArray, FloatArray
from ..errors import EncoderError, first_line
from ..forks import leave
from ..threads import n_cores
from . import openvino_runtime, trial
from .image_tower import ImageTower
from .memory import is_short
from .spec import EncoderSpec, Precision

LOGS_ERRORS = 3
"""ONNX Runtime's level of messages: its warnings are of its own optimisations."""


class OnnxEncoder(ImageTower):
    """An image tower from its exported file.

    Args:
        spec: What the index records.
        path: The file.
        precision: "auto", "onnx", "openvino" or "openvino-bf16" (see `ImageTower`).
        n_images: See `ImageTower`.

    Raises:
        EncoderError: When the runtime cannot read the file.
    """

    base: ClassVar[str] = "onnx"

    def __init__(
        self, spec: EncoderSpec, path: Path, precision: Precision = "auto", *, n_images: int | None = None
    ) -> None:
        if precision.startswith("openvino"):
            openvino_runtime.check_installed()
        super().__init__(spec, precision, "cpu", n_images=n_images)
        self._path = path
        self._onnx = (
            None if precision.startswith("openvino") else open_session(path, keeps_memory=not is_short(n_images))
        )

    def start_anew(self) -> None:
        """Leave the parent's session (see `ImageTower.start_anew`)."""
        super().start_anew()
        leave(self._onnx)
        self._onnx = None

    def candidates(self) -> list[str]:
        """Return OpenVINO in float32, where it is installed."""
        return ["openvino"] if openvino_runtime.is_installed() else []

    def make(self, runtime: str, example: ByteArray) -> trial.Forward:  # noqa: ARG002
        """Return what embeds a batch (see `ImageTower.make`)."""
        if runtime.startswith("openvino"):
            return openvino_runtime.open_file(self._path, precision="bf16" if runtime.endswith("bf16") else "f32")
        return self._onnx or open_session(self._path)


def open_session(path: Path, *, keeps_memory: bool = True) -> trial.Forward:
    """Load an exported tower into ONNX Runtime.

    Args:
        path: The file.
        keeps_memory: Keep the memory of an image for the next one: half the time, and a quarter more memory.

    Returns:
        A function that embeds a batch: (B, H, W, 3) uint8 to (B, D) float32.

    Raises:
        EncoderError: When the file cannot be used.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_cores()
    options.inter_op_num_threads = 1
    options.log_severity_level = LOGS_ERRORS
    # Images come in many sizes: memory that is planned for each of them would only pile up.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = keeps_memory
    # Waiting threads sleep: the cores decode images meanwhile.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Work is cut into ever smaller pieces, so that a core that has decoded an image meanwhile holds nobody up.
    options.add_session_config_entry("session.dynamic_block_base", "4")
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common class
        raise EncoderError(
            f"'{path}' cannot be used by ONNX Runtime ({first_line(error)})", "remove it, or use --precision fp32"
        ) from error
    (pixels,) = (one.name for one in session.get_inputs())

    def forward(batch: ByteArray) -> FloatArray:
        (embeddings,) = session.run(None, {pixels: np.ascontiguousarray(batch)})
        return np.asarray(embeddings, dtype=np.float32)

    return forward

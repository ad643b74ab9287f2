"""What all encoders on PyTorch share: device, precision and runtime, normalisation, the weights' fingerprint."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from ..arrays import ByteArray, FloatArray
from ..errors import EncoderError, reason
from . import openvino_runtime, trial
from .exported import keep_exported, kept_path
from .image_tower import ImageTower
from .onnx_encoder import open_session
from .spec import EncoderSpec, Precision

_FORKED = "a process that was forked cannot use the GPU of its parent"
_SPAWN = "start workers by 'spawn', or load the encoder with device='cpu'"
EXPORT_IMAGES = 64
"""Fewest images of a run on a CPU in which `auto` also exports the tower, so that later runs start without PyTorch."""

_log = logging.getLogger(__name__)


def resolve_device(device: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda` or `cuda:i` into a device that exists.

    Raises:
        EncoderError: When the device is unknown or absent.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError:
        raise EncoderError(f"no device '{device}'", "use auto, cpu, cuda or cuda:0") from None
    if resolved.type == "cuda" and torch.cuda._is_in_bad_fork():
        raise EncoderError(_FORKED, _SPAWN)
    if resolved.type == "cuda" and (resolved.index or 0) >= torch.cuda.device_count():
        raise EncoderError(
            f"device '{device}' is not on this machine ({torch.cuda.device_count()} CUDA devices)", "use --device cpu"
        )
    return resolved


def fingerprint(tower: torch.nn.Module) -> str:
    """Hash the weights of an image tower: names, shapes and up to 4096 evenly spaced values of every tensor.

    Unlike a file's checksum it is the same for safetensors and PyTorch files, with or without a text tower, and costs
    milliseconds; two trained networks agree in it only when they agree in every layer.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(tower.state_dict().items()):
        values = tensor.detach().flatten()
        step = max(1, values.numel() // 4096)
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(values[::step].to(device="cpu", dtype=torch.float32).numpy().tobytes())
    return digest.hexdigest()[:16]


class TorchEncoder(ImageTower):
    """An image tower in PyTorch on a device.

    On CUDA, "auto" tries float16 and bfloat16. On a CPU it stays in float32: there ONNX Runtime, and OpenVINO where it
    is installed, are tried in a long run.

    Args:
        spec: What the index records.
        network: Maps (B, 3, H, W) float32, normalised, to (B, D); its tensors need no gradient.
        device: Where it runs.
        precision: "fp32"; "bf16" or "fp16" (autocast); "onnx", "openvino" or "openvino-bf16" (another runtime, on a
            CPU); or "auto" (see `ImageTower`).
        n_images: See `ImageTower`.
        module: What holds the network's weights, where it is exported; None for the network itself, if it is one.

    Attributes:
        network: As given.
        module: Likewise.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        network: Callable[[torch.Tensor], torch.Tensor],
        device: torch.device,
        precision: Precision = "auto",
        *,
        n_images: int | None = None,
        module: torch.nn.Module | None = None,
    ) -> None:
        if precision in ("onnx", "openvino", "openvino-bf16"):
            if device.type != "cpu":
                raise EncoderError(f"--precision {precision} runs on a CPU, not on {device}", "add --device cpu")
            if precision != "onnx":
                openvino_runtime.check_installed()
        self.device = device
        self.network = network
        self.module = network if module is None and isinstance(network, torch.nn.Module) else module
        super().__init__(spec, precision, device.type, n_images=n_images)
        self._mean = torch.tensor(self._rule.mean, device=device).mul(255.0).view(1, 3, 1, 1)
        self._scale = torch.tensor(self._rule.std, device=device).mul(255.0).reciprocal().view(1, 3, 1, 1)
        self._to_export = precision == "auto" and device.type == "cpu" and (n_images or 0) >= EXPORT_IMAGES
        self._unkept: tempfile.TemporaryDirectory[str] | None = None

    def forward(self, batch: ByteArray) -> FloatArray:
        """Embed prepared images of one size (see `ImageTower.forward`)."""
        embeddings = super().forward(batch)
        if self._to_export:
            self._to_export = False
            try:
                _log.info("'%s' is kept for ONNX Runtime", self._exported(batch))
            except EncoderError as error:
                _log.warning("%s: PyTorch runs it", error.message)
        return embeddings

    def start_anew(self) -> None:
        """Leave the parent's runtime (see `ImageTower.start_anew`)."""
        if self.device.type == "cuda":
            raise EncoderError(_FORKED, _SPAWN)
        super().start_anew()

    def candidates(self) -> Sequence[str]:
        """Return what `auto` tries (see `ImageTower.candidates`)."""
        if self.device.type == "cuda":
            return ["fp16", "bf16"]
        if self.device.type != "cpu":
            return []
        return ["onnx", *(["openvino"] if openvino_runtime.is_installed() else [])]

    def make(self, runtime: str, example: ByteArray) -> trial.Forward:
        """Return what embeds a batch (see `ImageTower.make`)."""
        if runtime == "onnx":
            return open_session(self._exported(example))
        if runtime.startswith("openvino"):
            precision = "bf16" if runtime.endswith("bf16") else "f32"
            return openvino_runtime.open_file(self._exported(example), precision=precision)
        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(runtime)

        @torch.inference_mode()
        def forward_torch(batch: ByteArray) -> FloatArray:
            pixels = torch.from_numpy(np.ascontiguousarray(batch)).to(self.device, non_blocking=True)
            with torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None):
                return self.pixels_to_embeddings(pixels).float().cpu().numpy()

        return forward_torch

    def pixels_to_embeddings(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise and embed: (B, H, W, 3) uint8 on the device to (B, D)."""
        return self.network((pixels.permute(0, 3, 1, 2).float() - self._mean) * self._scale)

    def _exported(self, example: ByteArray) -> Path:
        """Return the ONNX file of the tower: from the user's cache, else exported now.

        Raises:
            EncoderError: When it cannot be exported, or embeds otherwise.
        """

        def write(path: Path) -> None:
            from .onnx_export import export_tower

            export_tower(self.spec, self.pixels_to_embeddings, self.module, example, path)

        try:
            found = keep_exported(self.spec, write)
        except OSError as error:  # nothing can be kept: for this run only
            _log.info("'%s' cannot be written (%s)", kept_path(self.spec), reason(error))
            self._unkept = tempfile.TemporaryDirectory(prefix="quasar-index-")
            path = Path(self._unkept.name, "tower.onnx")
            write(path)
            return path
        if found.path is None:
            raise EncoderError(found.error, "use --precision fp32")
        return found.path

"""What all encoders on PyTorch share: device, precision, normalisation, the weights' fingerprint."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import torch

from ..arrays import ByteArray, FloatArray
from ..errors import EncoderError
from .base import EncoderSpec, InputRule

Precision: TypeAlias = Literal["auto", "fp32", "bf16", "fp16"]

AGREEMENT = 0.9999
"""Lowest cosine between an embedding in reduced precision and its float32 one for the former to be used."""

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


class TorchEncoder:
    """An image tower on a device.

    Args:
        spec: What the index records.
        network: Maps (B, 3, H, W) float32, normalised, to (B, D).
        device: Where it runs.
        precision: "fp32", "bf16" or "fp16" (autocast); "auto" is float32 on a CPU, and on CUDA bfloat16 or float16
            autocast, if on the first batch every embedding's cosine to its float32 one is at least `AGREEMENT`.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        network: Callable[[torch.Tensor], torch.Tensor],
        device: torch.device,
        precision: Precision = "auto",
    ) -> None:
        if spec.input is None:
            raise EncoderError(f"encoder '{spec.name}' has no input rule", "this is a bug: report it")
        self.spec = spec
        self.device = device
        self._network = network
        self._rule: InputRule = spec.input
        self._mean = torch.tensor(self._rule.mean, device=device).mul(255.0).view(1, 3, 1, 1)
        self._scale = torch.tensor(self._rule.std, device=device).mul(255.0).reciprocal().view(1, 3, 1, 1)
        self._dtype: torch.dtype | None = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        self._undecided = precision == "auto" and device.type == "cuda"

    def prepare(self, image: ByteArray) -> ByteArray:
        """Apply the input rule (see `InputRule.apply`)."""
        return self._rule.apply(image)

    @torch.inference_mode()
    def forward(self, batch: ByteArray) -> FloatArray:
        """Embed prepared images of one size.

        Args:
            batch: (B, H, W, 3) uint8.

        Returns:
            (B, D) float32, raw.
        """
        pixels = torch.from_numpy(np.ascontiguousarray(batch)).to(self.device, non_blocking=True)
        pixels = (pixels.permute(0, 3, 1, 2).float() - self._mean) * self._scale
        if self._undecided:
            self._choose_precision(pixels)
        return self._run(pixels, self._dtype).cpu().numpy()

    def _run(self, pixels: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
        with torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None):
            return self._network(pixels).float()

    def _choose_precision(self, pixels: torch.Tensor) -> None:
        """Take the first reduced precision whose embeddings of this batch agree with float32."""
        self._undecided = False
        reference = self._run(pixels, None)
        for dtype in (torch.float16, torch.bfloat16):
            embeddings = self._run(pixels, dtype)
            cosine = float(torch.nn.functional.cosine_similarity(embeddings, reference).min())
            if cosine >= AGREEMENT:
                self._dtype = dtype
                _log.info("%s on %s runs in %s (cosine to float32 %.6f)", self.spec.name, self.device, dtype, cosine)
                return
        _log.info("%s on %s runs in float32: reduced precision does not agree", self.spec.name, self.device)

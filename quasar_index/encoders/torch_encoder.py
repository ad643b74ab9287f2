"""What all encoders on PyTorch share: device, precision and runtime, normalisation, the weights' fingerprint."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch

from ..arrays import ByteArray, FloatArray
from ..errors import EncoderError
from . import openvino_runtime, trial
from .memory import keep_freed_memory
from .spec import EncoderSpec, InputRule

Precision: TypeAlias = Literal["auto", "fp32", "bf16", "fp16", "openvino", "openvino-bf16"]

TRIAL_IMAGES = 256
"""Fewest images of a run for which `auto` tries precisions and runtimes on a CPU."""
TRIAL_PAYS = 120.0
"""Fewest seconds that the run would take in float32: the trial itself takes ten or more, with conversion."""
TRIAL_SAMPLE = 16
"""Images of the trial: the first of the run."""
CPU_BATCH_PIXELS = 16 * 224 * 224
"""Most pixels that go through a network on a CPU at once: more gains nothing and leaves the caches."""

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
        network: Maps (B, 3, H, W) float32, normalised, to (B, D); its tensors need no gradient.
        device: Where it runs.
        precision: "fp32"; "bf16" or "fp16" (autocast); "openvino" or "openvino-bf16" (another runtime, on a CPU); or
            "auto": float32, unless a trial on the first images finds something faster whose embeddings agree
            (`trial.py`). On CUDA there always is a trial, on a CPU where the run is long (`TRIAL_PAYS`).
        n_images: How many images are going to be embedded, for "auto"; None where that is not known: few.

    Attributes:
        runtime: What embeds the images now: a precision, "auto" before the trial.
        network: As given.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        network: Callable[[torch.Tensor], torch.Tensor],
        device: torch.device,
        precision: Precision = "auto",
        *,
        n_images: int | None = None,
    ) -> None:
        if spec.input is None:
            raise EncoderError(f"encoder '{spec.name}' has no input rule", "this is a bug: report it")
        on_cpu = device.type == "cpu"
        if precision.startswith("openvino"):
            if not on_cpu:
                raise EncoderError(f"--precision {precision} runs on a CPU, not on {device}", "add --device cpu")
            if not openvino_runtime.is_installed():
                raise EncoderError(
                    "OpenVINO is not installed", "pip install 'quasar-index[openvino]', or drop --precision"
                )
        if on_cpu:
            keep_freed_memory()
        self.spec = spec
        self.device = device
        self.network = network
        self._rule: InputRule = spec.input
        self._mean = torch.tensor(self._rule.mean, device=device).mul(255.0).view(1, 3, 1, 1)
        self._scale = torch.tensor(self._rule.std, device=device).mul(255.0).reciprocal().view(1, 3, 1, 1)
        self._n_images = n_images
        self._candidates: list[str] = []
        self._sample: list[ByteArray] = []
        self._forward: trial.Forward | None = None
        self.runtime: str = precision
        if precision == "auto":
            self._candidates = self._worth_trying(n_images)
            self.runtime = "auto" if self._candidates else "fp32"
        self._note_runtime()

    def prepare(self, image: ByteArray) -> ByteArray:
        """Apply the input rule (see `InputRule.apply`)."""
        return self._rule.apply(image)

    def forward(self, batch: ByteArray) -> FloatArray:
        """Embed prepared images of one size.

        Args:
            batch: (B, H, W, 3) uint8.

        Returns:
            (B, D) float32, raw.

        Raises:
            EncoderError: When the runtime that was asked for cannot run this encoder.
        """
        if self.runtime == "auto":
            self._sample.append(batch)
            if sum(map(len, self._sample)) >= TRIAL_SAMPLE:
                if self._pays():
                    self.choose_runtime()
                else:
                    self.runtime = "fp32"
                    self._note_runtime()
        if self._forward is None:
            self._forward = self._make(self.runtime, batch)
        return self._forward(batch)

    def _pays(self) -> bool:
        """Whether the run is long enough for a trial, by the time that the last batch takes in float32."""
        if self.device.type == "cuda":
            return True
        forward, batch = self._make("fp32", self._sample[-1]), self._sample[-1]
        forward(batch)  # the first pass also sets things up
        start = time.perf_counter()
        forward(batch)
        return (time.perf_counter() - start) / len(batch) * (self._n_images or 0) >= TRIAL_PAYS

    def choose_runtime(self, batches: list[ByteArray] | None = None) -> list[trial.Candidate]:
        """Decide for the fastest precision and runtime whose embeddings agree with float32 on these images.

        Args:
            batches: Prepared images, (B, H, W, 3) uint8 each; None for the first of the run so far.

        Returns:
            What the trial found of each candidate.
        """
        batches = batches or self._sample
        self._sample = []
        names = self._candidates or self._worth_trying(TRIAL_IMAGES)

        def maker(name: str) -> Callable[[], trial.Forward]:
            return lambda: self._make(name, batches[0])

        self.runtime, self._forward, found = trial.choose(
            batches, self._make("fp32", batches[0]), {name: maker(name) for name in names}
        )
        self._note_runtime()
        _log.info("%s on %s runs in %s", self.spec.name, self.device, self.runtime)
        return found

    def _note_runtime(self) -> None:
        self.spec = replace(self.spec, runtime="" if self.runtime == "auto" else self.runtime)

    def _worth_trying(self, n_images: int | None) -> list[str]:
        """Return the candidates of `auto`."""
        if self.device.type == "cuda":
            return ["fp16", "bf16"]
        if self.device.type != "cpu" or (n_images or 0) < TRIAL_IMAGES:
            return []
        # Without instructions for it, bfloat16 on a CPU is many times slower: not worth a minute of trying.
        reduced = _has_bfloat16()
        openvino = ["openvino", *(["openvino-bf16"] if reduced else [])] if openvino_runtime.is_installed() else []
        return [*(["bf16"] if reduced else []), *openvino]

    def _make(self, runtime: str, example: ByteArray) -> trial.Forward:
        """Return what embeds a batch in a precision or runtime."""
        if runtime.startswith("openvino"):
            forward = openvino_runtime.compile_tower(
                self._pixels_to_embeddings,
                example,
                precision="bf16" if runtime.endswith("bf16") else "f32",
                n_threads=torch.get_num_threads(),
            )
            self._check_other_sizes(forward, example, runtime)
            return self._in_parts(forward)
        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(runtime)

        @torch.inference_mode()
        def forward_torch(batch: ByteArray) -> FloatArray:
            pixels = torch.from_numpy(np.ascontiguousarray(batch)).to(self.device, non_blocking=True)
            with torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None):
                return self._pixels_to_embeddings(pixels).float().cpu().numpy()

        return self._in_parts(forward_torch) if self.device.type == "cpu" else forward_torch

    def _pixels_to_embeddings(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise and embed: (B, H, W, 3) uint8 on the device to (B, D)."""
        return self.network((pixels.permute(0, 3, 1, 2).float() - self._mean) * self._scale)

    def _in_parts(self, forward: trial.Forward) -> trial.Forward:
        """Let few enough pixels through at once that the network's memory stays in the caches and is reused."""

        def in_parts(batch: ByteArray) -> FloatArray:
            size = max(1, CPU_BATCH_PIXELS // (batch.shape[1] * batch.shape[2]))
            if len(batch) <= size:
                return forward(batch)
            n_parts = -(-len(batch) // size)
            return np.concatenate([forward(part) for part in np.array_split(batch, n_parts)])

        return in_parts

    def _check_other_sizes(self, forward: trial.Forward, example: ByteArray, runtime: str) -> None:
        """Raise an EncoderError when a converted network has learnt the size of its example by heart."""
        images = example[:1, :, : max(self._rule.min_side, example.shape[2] * 3 // 4)]
        if self._rule.resize in ("crop", "squash"):
            images = example[:1]  # the only size there is; the batch is another one
        expected = self._make("fp32", images)(images)
        found = trial.compare_embeddings(runtime, forward(np.ascontiguousarray(images)), expected)
        if runtime == "openvino" and not found.agrees:
            raise EncoderError(
                f"OpenVINO gives other embeddings of '{self.spec.name}' at another size ({found.cosine:.4f})",
                "use --precision fp32",
            )


def _has_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags

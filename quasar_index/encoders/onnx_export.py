"""Exporting an image tower from PyTorch to an ONNX file, and checking that both embed alike.

The TorchScript exporter (`dynamo=False`) takes seconds where its successor takes minutes; it traces, so a network that
learns the size of its example by heart is found by images of another size, and refused.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from ..arrays import ByteArray
from ..errors import EncoderError, first_line
from . import trial
from .onnx_encoder import open_session
from .spec import EncoderSpec

OPSET = 17
LARGEST = 1_900_000_000
"""Bytes of weights: protobuf, which the file is written in, ends at 2 GiB."""
FLAT = (0, 128, 255)
"""Levels of the flat images that are compared, too: there, channels are nearly constant."""


def export_tower(
    spec: EncoderSpec,
    network: Callable[[torch.Tensor], torch.Tensor],
    module: torch.nn.Module | None,
    example: ByteArray,
    path: Path,
) -> None:
    """Write the ONNX file of an image tower, and compare it with PyTorch on real and on flat images.

    Args:
        spec: Of its encoder.
        network: Maps (B, H, W, 3) uint8 on a CPU to (B, D) float32; none of its tensors needs a gradient.
        module: What holds its weights; None where that is not known.
        example: Images to trace it with and to compare, (B, H, W, 3) uint8.
        path: The file.

    Raises:
        EncoderError: When it cannot be exported, or embeds otherwise than PyTorch does.
    """
    weights = () if module is None else module.state_dict().values()
    if sum(tensor.numel() * tensor.element_size() for tensor in weights) > LARGEST:
        raise EncoderError(f"'{spec.name}' is too large for an ONNX file", "use --precision fp32")
    assert spec.input is not None  # noqa: S101 - for the type checker
    any_size = spec.input.resize not in ("crop", "squash")

    class Tower(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module  # else its weights would be constants of the graph

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return network(pixels)

    pixels = torch.from_numpy(np.ascontiguousarray(example[:2]))
    written = io.BytesIO()  # not a path, beside which the weights of a large one would become files of their own
    try:
        with _exporting():
            torch.onnx.export(
                Tower().eval(),
                (pixels,),
                written,  # type: ignore[arg-type]
                dynamo=False,
                opset_version=OPSET,
                input_names=["pixels"],
                output_names=["embeddings"],
                dynamic_axes={"pixels": {0: "n", **({1: "h", 2: "w"} if any_size else {})}, "embeddings": {0: "n"}},
            )
    except Exception as error:  # the exporter raises anything
        raise EncoderError(f"'{spec.name}' does not export ({first_line(error)})", "use --precision fp32") from error
    path.write_bytes(written.getbuffer())
    compare_runtimes(spec, network, open_session(path), example, any_size=any_size)


def compare_runtimes(
    spec: EncoderSpec,
    network: Callable[[torch.Tensor], torch.Tensor],
    other: trial.Forward,
    images: ByteArray,
    *,
    any_size: bool,
) -> None:
    """Compare what another runtime embeds with PyTorch, on images as they are, flat, and of another size.

    Raises:
        EncoderError: When they differ.
    """
    flat = np.stack([np.full_like(images[0], level) for level in FLAT])
    batches = [images, flat]
    if any_size:
        _, height, width, _ = images.shape
        least = 1 if spec.input is None else spec.input.min_side
        batches.append(images[:1, : max(least, height - height // 3), : max(least, width - width // 4)])
    for batch in map(np.ascontiguousarray, batches):
        with torch.inference_mode():
            expected = network(torch.from_numpy(batch)).float().numpy()
        found = trial.compare_embeddings("onnx", other(batch), expected)
        if not found.is_same:
            raise EncoderError(
                f"'{spec.name}' embeds otherwise in ONNX Runtime (cosine {found.cosine:.7f}, relative difference "
                f"{found.difference:.1e})",
                "use --precision fp32",
            )


@contextlib.contextmanager
def _exporting() -> Iterator[None]:
    """Let a network be traced: quietly, without gradients, and without PyTorch's fused attention, which has no ONNX."""
    fused = torch.backends.mha.get_fastpath_enabled()
    log = logging.getLogger("torch.onnx")
    level = log.level
    torch.backends.mha.set_fastpath_enabled(False)
    log.setLevel(logging.ERROR)
    try:
        with torch.inference_mode(mode=False), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tracing warns of what the comparison answers
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        log.setLevel(level)

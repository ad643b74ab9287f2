"""In which arithmetic a network is trained: bfloat16 only where it is fast and agrees with float32."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch

from ..errors import EncoderError
from .task import Batch, Task

Precision: TypeAlias = Literal["auto", "fp32", "bf16"]
LOSS_BOUND = 0.01
"""Most by which the loss of the first step may differ, as a part of that in float32."""
GRADIENT_BOUND = 0.98
"""Least cosine of the two gradients of the first step."""


def is_fast(device: torch.device) -> bool:
    """Return whether a device multiplies matrices of bfloat16 in units made for it."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    asked = getattr(torch.cpu, "_is_amx_tile_supported", None)  # PyTorch has no public question for it
    return bool(asked is not None and asked())


def choose_precision(task: Task, batch: Batch, device: torch.device, wanted: Precision) -> tuple[str, str]:
    """Choose between float32 and bfloat16.

    With "auto", the first step is taken in both, from the same weights; bfloat16 is chosen if the device has units for
    it, the loss differs by at most 1 % and the cosine of the gradients is at least 0.98.

    Args:
        task: What is trained.
        batch: Of the first step, on the device.
        device: Where.
        wanted: What the user asked for.

    Returns:
        "fp32" or "bf16", and why.

    Raises:
        EncoderError: When the device cannot compute in bfloat16.
    """
    if wanted == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise EncoderError(f"{torch.cuda.get_device_name(device)} has no bfloat16", "use --precision fp32")
    if wanted != "auto":
        return wanted, "as asked"
    if not is_fast(device):
        return "fp32", "this device has no units for bfloat16"
    (exact, along), (rough, across) = (_first_step(task, batch, device, one) for one in ("fp32", "bf16"))
    apart = abs(rough - exact) / abs(exact)
    cosine = float(torch.nn.functional.cosine_similarity(along, across, dim=0))
    agrees = apart <= LOSS_BOUND and cosine >= GRADIENT_BOUND
    said = (
        f"in the first step bfloat16 changes the loss by {apart:.2%}, and the cosine of the gradients is {cosine:.3f}"
    )
    return ("bf16" if agrees else "fp32"), said


def _first_step(task: Task, batch: Batch, device: torch.device, precision: str) -> tuple[float, torch.Tensor]:
    """Return the loss of a batch by the initial weights, and its gradient in one vector."""
    network = placed(task.network(), device)
    loss = _backward(task, network, batch, precision)
    gradients = [one.grad.flatten() for one in network.parameters() if one.grad is not None]
    return float(loss), torch.cat(gradients)


def placed(network: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    """Return a network on a device, with the channels of an image side by side, which convolutions are faster with."""
    moved: torch.nn.Module = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def step(task: Task, network: torch.nn.Module, optimiser: torch.optim.Optimizer, batch: Batch, precision: str) -> float:
    """Make one step; return its loss."""
    optimiser.zero_grad(set_to_none=True)
    loss = _backward(task, network, batch, precision)
    optimiser.step()
    return float(loss)


def _backward(task: Task, network: torch.nn.Module, batch: Batch, precision: str) -> torch.Tensor:
    """Add the gradient of a batch to the weights'; return its loss."""
    network.train()
    kind = next(network.parameters()).device.type
    with torch.autocast(kind, torch.bfloat16, enabled=precision == "bf16"):
        loss = task.loss(network, batch)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()

"""What is trained: a task gives the network, its batches and its loss; `trainer.py` does the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import torch

Batch = Mapping[str, torch.Tensor]


class Task(Protocol):
    """One training: all that `trainer.train` needs to know of it.

    A batch depends on nothing but the seed, the epoch and the step, so that a run which was interrupted goes on with
    the batches that a calm one would have seen.

    Attributes:
        name: Of the encoder that comes out, such as "grepq-low".
        seed: Of the initial weights and of all batches, at least 0.
        n_epochs: Epochs.
        steps_per_epoch: Steps an epoch.
        images_per_epoch: Images that the network sees in an epoch, for the rate.
    """

    name: str
    seed: int
    n_epochs: int

    @property
    def steps_per_epoch(self) -> int:
        """Steps an epoch."""
        ...

    @property
    def images_per_epoch(self) -> int:
        """Images that the network sees in an epoch."""
        ...

    def settings(self) -> dict[str, object]:
        """Return all that decides the result, as plain JSON data, with a hash of the data under "data".

        A run goes on only under the same settings.
        """
        ...

    def network(self) -> torch.nn.Module:
        """Return the network to be trained, with the weights that it starts from, on the CPU."""
        ...

    def optimiser(self, network: torch.nn.Module) -> torch.optim.Optimizer:
        """Return the optimiser."""
        ...

    def schedule(self, optimiser: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
        """Return the schedule of the learning rate, stepped after each step."""
        ...

    def batch(self, epoch: int, step: int) -> Batch:
        """Return the batch of a step; both count from 0. It is called in another thread, a few steps ahead."""
        ...

    def held_out(self) -> Iterable[Batch]:
        """Return batches of data kept aside, the same at each call, for a loss an epoch; none where none are kept."""
        ...

    def loss(self, network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Return the loss of a batch, a scalar; the batch is on the network's device."""
        ...

    def result(self, network: torch.nn.Module) -> dict[str, torch.Tensor]:
        """Return the tensors that the encoder of this name loads."""
        ...

    def about(self) -> Mapping[str, str]:
        """Return sections of the model card by title, in Markdown: what this is, the data, the use, the limits.

        The weights are called FILE.safetensors there.
        """
        ...

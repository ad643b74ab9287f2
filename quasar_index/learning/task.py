"""What is trained: a task gives the network, its batches and its loss; `trainer.py` does the rest."""

from __future__ import annotations

from collections.abc import Mapping
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
        images_per_step: Images that the network sees in a step, for the rate.
    """

    name: str
    seed: int
    n_epochs: int

    @property
    def steps_per_epoch(self) -> int:
        """Steps an epoch."""
        ...

    @property
    def images_per_step(self) -> int:
        """Images that the network sees in a step."""
        ...

    def settings(self) -> dict[str, object]:
        """Return all that decides the result, as plain JSON data: a run goes on only under the same settings."""
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
        """Return the batch of a step; both count from 0."""
        ...

    def loss(self, network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Return the loss of a batch, a scalar; the batch is on the network's device."""
        ...

    def result(self, network: torch.nn.Module) -> dict[str, torch.Tensor]:
        """Return the tensors that the encoder of this name loads."""
        ...

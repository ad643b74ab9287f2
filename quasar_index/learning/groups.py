"""GRepQ's loss of the high level: the images that two prompts rank best and worst make a group each.

Srinath et al. 2024 (arXiv:2312.04838), section 3.2. A batch is ranked by `sigmoid(10 (cos(x, good) - cos(x, bad)))`;
the n best and the n worst are the groups. Of member i of a group, with p_i the mean cosine to the other n - 1 of it:

    l_i = -log(e^(p_i / T) / (e^(p_i / T) + sum over the other group of e^(cos(i, k) / T)))

The loss is the mean of l_i over all 2 n; T = 0.5.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from ..encoders.grepq import PROMPT_SCALE

TEMPERATURE = 0.5


def prompt_scores(embeddings: torch.Tensor, prompts: torch.Tensor) -> torch.Tensor:
    """Return how good images are by two prompts, (B,) from 0 to 1.

    Args:
        embeddings: (B, D).
        prompts: (2, D): of a good and of a bad image.
    """
    good, bad = (functional.normalize(embeddings, dim=1) @ functional.normalize(prompts, dim=1).T).unbind(dim=1)
    return torch.sigmoid(PROMPT_SCALE * (good - bad))


def best_and_worst(scores: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the places of the n best and of the n worst of (B,) scores; of equal ones the later is the better."""
    order = torch.argsort(scores, stable=True)
    return order[-n:], order[:n]


def group_loss(first: torch.Tensor, second: torch.Tensor, temperature: float = TEMPERATURE) -> torch.Tensor:
    """Return the loss of two groups (see the module), a scalar; the order of the groups does not count.

    Args:
        first: (n, D) embeddings, n at least 2.
        second: (n, D) embeddings.
        temperature: T, > 0.
    """
    n = len(first)
    units = functional.normalize(torch.cat([first, second]), dim=1)
    cosines = units @ units.T
    is_first = torch.arange(2 * n, device=units.device) < n
    is_same = is_first[:, None] == is_first
    own = (cosines.masked_fill(~is_same, 0).sum(dim=1) - cosines.diagonal()) / (n - 1)
    other = cosines.masked_fill(is_same, -torch.inf)
    logits = torch.cat([own[:, None], other], dim=1) / temperature
    return (torch.logsumexp(logits, dim=1) - logits[:, 0]).mean()

"""The short trial that decides in which precision and runtime an encoder runs: what agrees with float32 and is faster.

A precision agrees when, on real images of the run, every embedding's cosine to its float32 one is at least `AGREEMENT`
and the images keep their order: the Spearman correlation of all pairwise cosines, before and after, is at least
`RANK_AGREEMENT`. Another runtime for float32 must do better: it has to give the `SAME` embeddings. Timings are
interleaved (float32, candidate, float32, ...), so that a busy machine slows both.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..arrays import ByteArray, FloatArray, unit
from ..errors import first_line
from .spec import FLOAT32

AGREEMENT = 0.9999
"""Lowest cosine between an embedding and its float32 one for another precision or runtime to be used."""
SAME = (1 - 1e-6, 1e-4)
"""Lowest cosine, and largest difference relative to the length, of float32 embeddings by another runtime: scores then
agree to 1e-5."""
RANK_AGREEMENT = 0.999
"""Lowest Spearman correlation of the images' pairwise cosines with those in float32."""
LEAST_GAIN = 1.1
"""How many times as fast a candidate must be: less is not worth another arithmetic."""
ROUNDS = 3

Forward = Callable[[ByteArray], FloatArray]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """What the trial found of a precision or runtime.

    Attributes:
        name: Such as "bf16".
        cosine: Lowest cosine to float32; NaN where it did not run.
        ranks: Spearman correlation of the pairwise cosines; 1 for fewer than three images.
        difference: Largest length of a difference to a float32 embedding, relative to that embedding's.
        gain: Times as fast as float32 (median of the rounds); NaN where it was not timed.
        error: Why it did not run; empty otherwise.
    """

    name: str
    cosine: float = float("nan")
    ranks: float = float("nan")
    difference: float = float("nan")
    gain: float = float("nan")
    error: str = ""

    @property
    def is_same(self) -> bool:
        """Whether its embeddings are the float32 ones, up to rounding."""
        return self.cosine >= SAME[0] and self.difference <= SAME[1]

    @property
    def agrees(self) -> bool:
        """Whether its embeddings may stand for the float32 ones."""
        if self.name in FLOAT32:
            return self.is_same
        return self.cosine >= AGREEMENT and self.ranks >= RANK_AGREEMENT

    def __str__(self) -> str:
        if self.error:
            return f"{self.name}: does not run ({self.error})"
        found = f"{self.name}: cosine to fp32 {self.cosine:.7f}, ranks {self.ranks:.5f}"
        return f"{found}, {self.gain:.2f} times as fast" if self.agrees else f"{found}: does not agree"


def compare_embeddings(name: str, embeddings: FloatArray, reference: FloatArray) -> Candidate:
    """Say how well embeddings agree with the float32 ones of the same images: (n, D) each."""
    mine, theirs = unit(embeddings), unit(reference)
    nothing = ~np.any(embeddings, axis=1) & ~np.any(reference, axis=1)  # of some flat images
    cosines = np.einsum("nd,nd->n", mine, theirs, dtype=np.float64) + nothing
    cosine = float(cosines.min())  # NaN where an embedding is not finite
    above = np.triu_indices(len(mine), k=1)
    pairs = [(directions @ directions.T)[above] for directions in (mine, theirs)]
    # Fewer pairs, or images that are all alike, have no order.
    ranks = float(scipy.stats.spearmanr(*pairs).statistic) if len(mine) > 2 and np.ptp(pairs[1]) > 1e-6 else 1.0
    lengths = np.linalg.norm(reference, axis=1)
    apart = np.linalg.norm(embeddings - reference, axis=1)
    return Candidate(name, cosine, ranks, float((apart / np.where(lengths > 0, lengths, 1.0)).max()))


def choose(
    batches: Sequence[ByteArray], base: tuple[str, Forward], candidates: Mapping[str, Callable[[], Forward]]
) -> tuple[str, Forward, list[Candidate]]:
    """Try candidates on real images and take the fastest that agrees.

    Args:
        batches: Prepared images, (B, H, W, 3) uint8 each.
        base: Name and function of what embeds a batch in float32.
        candidates: By name, what makes a function that embeds a batch; it may raise anything.

    Returns:
        Name and function of the winner (`base` where none is better), and what was found.
    """
    reference = base[1]
    expected = np.concatenate([reference(batch) for batch in batches])
    best, found = (*base, LEAST_GAIN), []
    for name, make in candidates.items():
        try:
            forward = make()
            result = compare_embeddings(name, np.concatenate([forward(batch) for batch in batches]), expected)
            if result.agrees:
                result = replace(result, gain=_gain(batches, reference, forward))
        except Exception as error:
            # Converters and compilers raise anything.
            result = Candidate(name, error=first_line(error))
        _log.info("trial of %s", result)
        found.append(result)
        if result.agrees and result.gain >= best[2]:
            best = (name, forward, result.gain)
    return best[0], best[1], found


def _gain(batches: Sequence[ByteArray], reference: Forward, candidate: Forward) -> float:
    ratios = []
    for _ in range(ROUNDS):
        seconds = []
        for forward in (reference, candidate):
            start = time.perf_counter()
            for batch in batches:
                forward(batch)
            seconds.append(time.perf_counter() - start)
        ratios.append(seconds[0] / seconds[1])
    return float(np.median(ratios))

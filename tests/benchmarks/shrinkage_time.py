"""How long the closed form of the shrinkage takes: `python -m tests.benchmarks.shrinkage_time [N D SIZE]...`

Draws N anchors of D dimensions in groups of SIZE, and prints the seconds of their moments and of the choice.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import quasar_index as qi
from quasar_index.methods.moments import fit_moments

CASES = ((1_000, 1568, 1), (1_000, 1568, 5), (20_000, 768, 6), (840_000, 768, 6))


def main() -> None:
    """Print a line a case."""
    numbers = list(map(int, sys.argv[1:]))
    for n, dim, size in [tuple(numbers[i : i + 3]) for i in range(0, len(numbers), 3)] or CASES:
        rng = np.random.default_rng(0)
        embeddings = rng.standard_normal((n, dim), dtype=np.float32)
        quality = embeddings[:, 0] + rng.normal(size=n)
        anchors = qi.make_anchors(embeddings, quality=quality, groups=np.arange(n) // size)
        del embeddings
        start = time.perf_counter()
        fit_moments(anchors)
        middle = time.perf_counter()
        chosen = qi.methods.rated_shrinkage(anchors)
        end = time.perf_counter()
        print(
            f"{n} x {dim}, groups of {size}: moments {middle - start:.2f} s, choice {end - middle:.2f} s ({chosen:.3g})"
        )


if __name__ == "__main__":
    main()

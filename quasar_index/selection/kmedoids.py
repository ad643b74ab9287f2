"""k-medoids: the anchors with the smallest total dissimilarity 1 - cos of all anchors to the nearest of them.

    min_M sum_i min_{m in M} (1 - cos(x_i, x_m))

Sides of up to 4,096 anchors: FasterPAM (Schubert and Rousseeuw 2021, algorithm 3) from a random start: swap a medoid
against another anchor whenever that lowers the sum. (The authors' package is GPL, so it is written here.)

Larger sides: the alternating algorithm (Park and Jun 2009) from k-means representatives: assign all anchors to their
nearest medoid, then make the member with the largest cosine sum to its cluster the medoid, until none changes. With
1 - cos that member is argmax x . sum of the cluster, so no pairwise matrix is needed, only N n products a round, in
cells where these are many (see `kmeans`), and all anchors take part. (The sample of CLARA, Kaufman and Rousseeuw 1990,
would have to hold several anchors for each medoid: for 10 % of a side that is the side.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import FloatArray, IntArray
from ..index.search import search
from ..parts import one_array
from .base import Advance, OnProgress, choose_by_side
from .kmeans import choose_by_cell, representatives

MOST_SWAPPED = 4096
"""Most anchors of a side for swaps: their dissimilarities are 64 MiB."""
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class KMedoids:
    """Keeps the medoids; as many clusters as anchors are wanted.

    Attributes:
        seed: Of the start.
        n_iterations: Most rounds over a side.
    """

    seed: int = 0
    n_iterations: int = 20

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            def inside(points: FloatArray, n: int) -> IntArray:
                medoids = swapped_medoids if len(points) <= MOST_SWAPPED else alternated_medoids
                return medoids(points, n, seed=self.seed, n_iterations=self.n_iterations)

            return choose_by_cell(one_array(anchors.directions[rows]), n, inside, advance, seed=self.seed)

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)


def alternated_medoids(points: FloatArray, n: int, *, seed: int, n_iterations: int) -> IntArray:
    """Return the (n,) medoids of the alternating algorithm."""
    medoids = np.sort(representatives(points, n, seed=seed, n_iterations=5))
    for _ in range(n_iterations):
        labels = search(points, np.ascontiguousarray(points[medoids]), 1).rows[:, 0]
        labels[medoids] = np.arange(n)  # also where two medoids are alike
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(n))
        ends = np.append(starts[1:], len(points))
        moved = medoids.copy()
        for cluster, (start, end) in enumerate(zip(starts, ends, strict=True)):
            members = order[start:end]
            inside = points[members]
            gains = inside @ inside.sum(axis=0)
            best = int(members[np.argmax(gains)])
            # Rounding must not move a medoid to and fro between equals.
            if gains.max() > points[medoids[cluster]] @ inside.sum(axis=0) + _TOLERANCE * len(members):
                moved[cluster] = best
        if np.array_equal(moved, medoids):
            break
        medoids = moved
    return medoids


def swapped_medoids(points: FloatArray, n: int, *, seed: int, n_iterations: int) -> IntArray:
    """Return the (n,) medoids of FasterPAM."""
    n_points = len(points)
    distances = 1.0 - points @ points.T
    medoids = np.random.default_rng(seed).choice(n_points, n, replace=False)
    if n == 1:
        return np.array([int(np.argmin(distances.sum(axis=1)))])
    nearest, second, to_nearest, to_second = _two_nearest(distances[:, medoids])
    is_medoid = np.zeros(n_points, dtype=np.bool_)
    is_medoid[medoids] = True
    unchanged, candidate, rounds_left = 0, 0, n_iterations * n_points
    removal = np.bincount(nearest, to_second - to_nearest, minlength=n)
    while unchanged < n_points and rounds_left > 0:
        candidate = (candidate + 1) % n_points
        unchanged += 1
        rounds_left -= 1
        if is_medoid[candidate]:
            continue
        distance = distances[candidate]
        # Of all points: those that come nearer whatever goes, and those that are saved from their second medoid.
        gets = np.flatnonzero(distance < to_second)
        nearer = np.minimum(distance[gets] - to_nearest[gets], 0.0)
        saved = np.where(nearer < 0, to_nearest[gets], distance[gets]) - to_second[gets]
        change = removal + np.bincount(nearest[gets], saved, minlength=n)
        goes = int(np.argmin(change))
        if change[goes] + nearer.sum() >= -_TOLERANCE:
            continue
        is_medoid[medoids[goes]], is_medoid[candidate] = False, True
        medoids[goes] = candidate
        touched = np.flatnonzero((nearest == goes) | (second == goes) | (distance < to_second))
        found = _two_nearest(distances[np.ix_(touched, medoids)])
        nearest[touched], second[touched], to_nearest[touched], to_second[touched] = found
        removal = np.bincount(nearest, to_second - to_nearest, minlength=n)
        unchanged = 0
    return medoids


def _two_nearest(distances: FloatArray) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return the places of the two smallest of each row of (N, n >= 2), and those values."""
    rows = np.arange(len(distances))
    nearest = distances.argmin(axis=1)
    others = distances.copy()
    others[rows, nearest] = np.inf
    second = others.argmin(axis=1)
    return nearest, second, distances[rows, nearest], distances[rows, second]

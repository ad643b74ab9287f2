"""What twenty judgements of one judge are worth: an index of them, beside the starter index, on photographs apart.

    python -m tests.benchmarks.taste --rated FILE.csv [--column quality] [--group prompt] [--judge 20] [--seeds 20]

The ratings of a column of FILE.csv stand for the judge. For each seed half of the groups (two thirds where more than 30
are judged) are drawn: from their photographs some are judged, and the photographs of all other groups tell what it was
worth. Judged are

- `chosen`: photographs that `qi.taste.next_to_judge` asks for, one after the other, each by what was judged before;
- `random`: photographs drawn at random;

each by `stars` (the rating itself) and by `pairs` (which of two has the higher rating; of equal ones neither: such a
pair is passed over), as many judgements as photographs by stars. Pairs at random are of photographs drawn at random.

Printed: SRCC of the score with the rating on the photographs apart, mean and standard deviation over seeds; the mean
difference between `chosen` and `random` on the same photographs; the starter index's own figure on the same
photographs; and what leave-one-out said of the judgements themselves.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import quasar_index as qi
from quasar_index.arrays import DoubleArray, FloatArray, IntArray

MANY = 30


@dataclass(frozen=True)
class Set:
    """Photographs of a draw: embeddings and ratings of those that may be judged, and of those apart."""

    pool: FloatArray
    said: DoubleArray
    apart: FloatArray
    rated: DoubleArray


def main(arguments: list[str] | None = None) -> None:
    """Judge, measure, print a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rated", required=True, metavar="FILE.csv")
    parser.add_argument("--column", default="quality")
    parser.add_argument("--group", default="prompt")
    parser.add_argument("--judge", type=int, default=20, help="judgements")
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args(arguments)
    source = qi.rated_source(qi.load_source(given.rated, score_column=given.column))
    images = qi.embed_rated(source, qi.load_encoder())
    groups = np.asarray(images.column(given.group))
    starter = qi.Retrieval().fit(qi.AnchorIndex.open("starter").anchors())
    own = np.asarray(starter.score(images.embeddings).score)
    kept = 2 / 3 if given.judge > MANY else 1 / 2
    found: dict[str, list[float]] = defaultdict(list)
    inside: dict[str, list[float]] = defaultdict(list)
    n_apart = []
    for seed in range(given.seeds):
        names = np.random.default_rng(seed).permutation(np.unique(groups))
        is_pool = np.isin(groups, names[: round(len(names) * kept)])
        one = Set(
            images.embeddings[is_pool], images.quality[is_pool], images.embeddings[~is_pool], images.quality[~is_pool]
        )
        n_apart.append(int((~is_pool).sum()))
        found["starter"].append(qi.srcc(own[~is_pool], one.rated))
        for name, (rows, ratings) in judged(one, given.judge, seed).items():
            found[name].append(worth(one, rows, ratings))
            if "stars" in name:
                said = qi.taste.agreement_of_ratings(one.pool[rows], ratings).value
                inside[name].append(np.nan if said is None else said)
    apart = f"{min(n_apart)} to {max(n_apart)} photographs apart"
    print(f"{given.column}: {given.judge} judgements, {given.seeds} seeds, {apart}")
    for name, values in found.items():
        print(f"{name:14} SRCC {told(values)}" + (f"   left out {told(inside[name])}" if name in inside else ""))
    for kind in ("stars", "pairs"):
        difference = np.subtract(found[f"chosen {kind}"], found[f"random {kind}"])
        print(f"chosen - random, {kind}: {told(difference)}, above 0 for {(difference > 0).sum()} of {given.seeds}")


def judged(one: Set, n: int, seed: int) -> dict[str, tuple[IntArray, DoubleArray]]:
    """Return the rows that were judged in each way, and their ratings."""
    rng = np.random.default_rng(1000 + seed)
    drawn = rng.permutation(len(one.pool))[:n]
    chosen: list[int] = []
    while len(chosen) < min(n, len(one.pool)):
        chosen += qi.taste.next_to_judge(one.pool, chosen, one.said[chosen], seed=seed * 1000 + len(chosen))
    at_random: list[tuple[int, int]] = []
    while len(at_random) < n:
        at_random += answered(one, [tuple(rng.choice(len(one.pool), 2, replace=False))])
    asked: list[tuple[int, int]] = []
    equal: list[tuple[int, int]] = []
    tries = 0
    while len(asked) < n and tries < 4 * n:
        tries += 1
        pair = qi.taste.next_pairs(one.pool, asked, passed_over=equal, seed=seed * 1000 + tries)
        said = answered(one, pair)
        asked += said
        equal += [] if said else pair
    return {
        "random stars": (drawn, one.said[drawn]),
        "chosen stars": (np.array(chosen), one.said[chosen]),
        "random pairs": of_pairs(at_random, len(one.pool)),
        "chosen pairs": of_pairs(asked, len(one.pool)),
    }


def answered(one: Set, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return pairs with the better one first, without those that are equal."""
    return [(a, b) if one.said[a] > one.said[b] else (b, a) for a, b in pairs if one.said[a] != one.said[b]]


def of_pairs(pairs: Sequence[tuple[int, int]], n: int) -> tuple[IntArray, DoubleArray]:
    """Return the rows that were compared, and their ratings."""
    rows = np.unique(np.asarray(pairs))
    return rows, qi.taste.ratings_of_pairs(pairs, n)[rows]


def worth(one: Set, rows: IntArray, ratings: DoubleArray) -> float:
    """Return the SRCC, on the photographs apart, of the index that was made of judgements."""
    with tempfile.TemporaryDirectory() as folder:
        built = qi.taste.build_taste(Path(folder, "taste"), [f"{row}.png" for row in rows], one.pool[rows], ratings)
        scores = qi.Mean().fit(built.index.anchors()).score(one.apart).score
    return qi.srcc(scores, one.rated)


def told(values: Sequence[float]) -> str:
    """Return mean and standard deviation."""
    return f"{np.nanmean(values):+.3f} (sd {np.nanstd(values, ddof=1):.3f})"


if __name__ == "__main__":
    main()

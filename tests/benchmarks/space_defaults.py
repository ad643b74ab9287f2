"""Which space and shrinkage serve best: every candidate over many divisions by content. It chose the defaults.

    python tests/benchmarks/space_defaults.py --rated INDEX --group prompt [--target quality --target appeal]
    python tests/benchmarks/space_defaults.py --synthesised INDEX [--references 10 50 150]

Rated: half of the groups, drawn at random, are the anchors (divided at their median), the other half is scored; SRCC
with the rating. Synthesised (reference/distorted, with a column `level`): so many references with their distorted
images are the anchors, the images of 50 others are scored; SRCC with minus the level (0 for a reference).

Prints the mean over divisions and their standard deviation, the mean difference to raw on the same division with its
standard error (too small by some: divisions of one set share images), and in how many divisions it is positive.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

import quasar_index as qi
from quasar_index.methods.space import fit_moments
from quasar_index.validation.fold_scores import SHRINKAGES

METHODS = ("mean", "retrieval", "retrieval:top_k=8", "clustering:n_clusters=5")
SPACES = [("raw", None), ("centred", None), *(("whitened", one) for one in SHRINKAGES), ("auto", "auto")]


def main() -> None:
    """Print one table a set and method."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rated")
    arguments.add_argument("--group", default="prompt")
    arguments.add_argument("--target", action="append")
    arguments.add_argument("--synthesised")
    arguments.add_argument("--references", type=int, nargs="+", default=[10, 50, 150])
    arguments.add_argument("--divisions", type=int, default=40)
    arguments.add_argument("--method", "-m", action="append", metavar="NAME:PARAMETER=VALUE,...")
    arguments.add_argument("--without-auto", action="store_true")
    given = arguments.parse_args()
    logging.disable(logging.WARNING)  # of a top-k above the number of anchors
    methods = qi.read_methods(given.method or METHODS)
    spaces = SPACES[:-1] if given.without_auto else SPACES
    sets: dict[str, list[Division]] = {}
    if given.rated:
        for target in given.target or ["score"]:
            name = f"{given.rated}, {target}, half of the {given.group}s"
            sets[name] = list(rated_divisions(given.rated, given.group, target, given.divisions))
    if given.synthesised:
        for n in given.references:
            found = list(synthesised_divisions(given.synthesised, n, given.divisions))
            sets[f"{given.synthesised}, {n} references"] = found
    for name, divisions in sets.items():
        for method in methods:
            print(f"\n### {name}: {method}, {len(divisions)} divisions\n")
            print_table([trial(division, method, spaces) for division in divisions], spaces)


Division = tuple[qi.AnchorTable, np.ndarray, np.ndarray]
"""Anchors, embeddings of the images to score, their ratings."""


def rated_divisions(name: str, group: str, target: str, n_divisions: int) -> Iterator[Division]:
    """Divide the groups of a rated index into halves."""
    index = qi.AnchorIndex.open(name)
    anchors = index.anchors(group=group)
    quality = index.metadata(anchors, [target])[target].to_numpy().astype(np.float64)
    raw = anchors.directions * anchors.norms[:, None]
    codes = np.unique(anchors.groups)
    for seed in range(n_divisions):
        kept = np.isin(anchors.groups, np.random.default_rng(seed).permutation(codes)[: len(codes) // 2])
        table = qi.make_anchors(raw[kept], quality=quality[kept], groups=anchors.groups[kept])
        yield table, raw[~kept], quality[~kept]


def synthesised_divisions(name: str, n_references: int, n_divisions: int, n_test: int = 50) -> Iterator[Division]:
    """Draw references for anchors, and others to score."""
    index = qi.AnchorIndex.open(name)
    anchors = index.anchors(group="reference")
    level = index.metadata(anchors, ["level"])["level"].fill_null(0).to_numpy().astype(np.float64)
    raw = anchors.directions * anchors.norms[:, None]
    codes = np.unique(anchors.groups)
    for seed in range(n_divisions):
        order = np.random.default_rng(seed).permutation(codes)
        tested = np.isin(anchors.groups, order[:n_test])
        kept = np.isin(anchors.groups, order[n_test : n_test + n_references])
        yield anchors.take(kept), raw[tested], -level[tested]


def trial(division: Division, method: qi.Method, spaces: list) -> list[float]:
    """Return the SRCC of every space."""
    anchors, embeddings, quality = division
    found = []
    moments = fit_moments(anchors)
    for space, shrinkage in spaces:
        method = qi.choose_space(anchors, replace(method, space=space, shrinkage=shrinkage)).method
        name, strength = method.fixed_space
        fitted = qi.methods.fit_space(anchors, name, shrinkage=strength, moments=moments)
        found.append(qi.srcc(method.fit(anchors, space=fitted).score(embeddings).score, quality))
    sys.stderr.write(".")
    sys.stderr.flush()
    return found


def print_table(trials: list[list[float]], spaces: list) -> None:
    """Print the mean over divisions of every space."""
    values = np.array(trials)
    print("| space | SRCC mean | sd | minus raw | better in |\n|---|---:|---:|---:|---:|")
    for (space, shrinkage), column in zip(spaces, values.T, strict=True):
        label = f"whitened({shrinkage})" if space == "whitened" else space
        apart = column - values[:, 0]
        error = apart.std(ddof=1) / np.sqrt(len(apart))
        print(
            f"| {label} | {column.mean():.3f} | {column.std(ddof=1):.3f} | {apart.mean():+.3f} +- {error:.3f} "
            f"| {int((apart > 0).sum())} of {len(apart)} |"
        )


if __name__ == "__main__":
    main()

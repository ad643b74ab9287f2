"""Embeddings in exactly the layout that QUASAR's authors publish, with a signal planted in random numbers."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from quasar_index.datasets.published import PUBLISHED, TOWERS, PublishedSet, PublishedTower

RATED = {
    "ava": (1.0, 10.0), "tad66k": (1.0, 10.0), "aadb": (0.0, 1.0), "koniq10k": (1.0, 5.0), "spaq": (0.0, 100.0),
    "liveitw": (0.0, 100.0), "tid2013": (0.0, 9.0), "kadid10k": (1.0, 5.0), "pieapp": (0.0, 3.0),
}  # fmt: skip
"""Range of the scores that the files of a tag list; pipal's and kadis700k's list none."""


def tower_of(encoder: str) -> PublishedTower:
    """Return a tower by our name of it."""
    return next(one for one in TOWERS if one.encoder == encoder)


def file_name(declared: PublishedSet, tower: PublishedTower) -> str:
    """Return the name without ending: `pipal_clip_RN50_openai_False`, spelled out as their script does."""
    pretrain = tower.pretrain.replace("_", "-")
    return f"{declared.tag}_{tower.extractor}_{tower.backbone}_{pretrain}_{tower.positions}"


def paths_of(declared: PublishedSet, n: int) -> list[str]:
    """Return the paths that the authors' list would hold: full-reference sets tell sides and references by them."""
    root = f"/data/{declared.tag}"
    if declared.tag in ("pipal", "kadis700k"):
        good, bad, end = (
            ("Train_Ref", "Train_Dist", "bmp") if declared.tag == "pipal" else ("ref_imgs", "dist_imgs", "png")
        )
        n_references = max(2, n // 10)
        names = [f"{root}/{good}/A{i:04d}.{end}" for i in range(n_references)]
        rest = range(n - n_references)
        return names + [f"{root}/{bad}/A{i % n_references:04d}_{i // n_references:02d}_01.{end}" for i in rest]
    if declared.tag in ("tid2013", "kadid10k"):
        return [f"{root}/images/i{i % 8 + 1:02d}_{i // 8 + 1:02d}_1.png" for i in range(n)]
    return [f"{root}/images/{i:06d}.jpg" for i in range(n)]


def make_rows(
    declared: PublishedSet, tower: PublishedTower, n: int, seed: int = 0, dim: int | None = None
) -> tuple[np.ndarray[Any, np.dtype[np.float32]], list[str], list[float] | None]:
    """Make rows: a direction that every set shares carries the score, or the side, through noise.

    Returns:
        (n, D) float32, the paths, and raw scores; None for pipal and kadis700k.
    """
    dim = dim or tower.dim
    rng = np.random.default_rng([seed, *declared.name.encode()])
    paths = paths_of(declared, n)
    direction = np.random.default_rng(7).normal(size=dim).astype(np.float32)
    if declared.tag in RATED:
        low, high = RATED[declared.tag]
        level = rng.uniform(size=n)
        quality = -level if declared.declared.lower_is_better else level
        scores: list[float] | None = [round(float(low + (high - low) * one), 4) for one in level]
    else:
        quality = np.array([any(word in path for word in ("Train_Ref", "ref_imgs")) for path in paths]) * 0.5
        scores = None
    matrix = rng.standard_normal((n, dim), dtype=np.float32)
    matrix += 2.0  # as CLIP's embeddings, far from the origin
    matrix += np.asarray(quality, dtype=np.float32)[:, None] * direction
    return matrix, paths, scores


def write_published(
    folder: Path,
    name: str,
    n: int = 64,
    *,
    encoders: Sequence[str] = ("clip-rn50",),
    labels_file: bool = False,
    seed: int = 0,
    dim: int | None = None,
) -> Path:
    """Write a set as its zip unpacks: `FOLDER/{tag}/{tag}_{extractor}_{backbone}_{pretrain}_{pos}.pt` and `.json`.

    Args:
        folder: Where the folder of the set goes: `tid2013_224/` for `tid2013_224`.
        name: Name of the set.
        n: Rows.
        encoders: Towers, by our names.
        labels_file: Whether the scores are in `labels.json`, and the lists hold bare paths.
        seed: Of the rows.
        dim: D, for tests that do with little; None for the tower's own.

    Returns:
        The folder of the set.
    """
    import torch

    declared = PUBLISHED[name]
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    for number, encoder in enumerate(encoders):
        tower = tower_of(encoder)
        matrix, paths, scores = make_rows(declared, tower, n, seed + number, dim)
        stem = file_name(declared, tower)
        torch.save(torch.from_numpy(matrix), place / f"{stem}.pt")
        bare = scores is None or labels_file
        listed: list[Any] = paths if bare else [{path: one} for path, one in zip(paths, scores or [], strict=True)]
        (place / f"{stem}.json").write_text(json.dumps({"results_paths": listed}))
        (place / f"{stem}.yml").write_text(f"dataset: {declared.tag}\nbackbone: {tower.backbone}\n")
        if labels_file and scores is not None:
            (place / "labels.json").write_text(json.dumps(dict(zip(paths, scores, strict=True))))
    return place


def zip_published(folder: Path, file: Path) -> Path:
    """Zip the folder of a set as the release has it: a folder of its name, its files in it."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{folder.name}/{path.name}")
    return file

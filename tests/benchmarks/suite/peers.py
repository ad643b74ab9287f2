"""The others, on the same work: each as its authors, or its documentation, would write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit

from quasar_index.anchors import AnchorTable
from quasar_index.arrays import DoubleArray, FloatArray, unit
from quasar_index.methods.method import TEMPERATURE


def authors_loop(paths: Sequence[str], encoder: Any) -> FloatArray:
    """Embed files as the QUASAR authors' code does: PIL, a normalised float tensor, batch 1, `torch.cat` in the loop.

    The network is the same one, in float32 as PyTorch runs it; the input rule, too, but with torchvision's transforms.

    Args:
        paths: n image files.
        encoder: A `TorchEncoder`.

    Returns:
        (n, D) float32.
    """
    import torch
    from PIL import Image

    from quasar_index.encoders.torchvision_ops import import_torchvision

    import_torchvision()
    from torchvision import transforms

    rule = encoder.spec.input
    steps: list[Any] = []
    if rule.resize == "crop":
        steps += [
            transforms.Resize(rule.size, transforms.InterpolationMode(rule.interpolation)),
            transforms.CenterCrop(rule.size),
        ]
    transform = transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(rule.mean, rule.std)])
    found = torch.empty(0)
    with torch.no_grad():
        for path in paths:
            pixels = transform(Image.open(path).convert("RGB"))[None]
            found = torch.cat([found, encoder.network(pixels.to(encoder.device)).float().cpu()])
    return found.numpy()


def adaptive_loop(anchors: AnchorTable, queries: FloatArray, top_k: int) -> DoubleArray:
    """Score by the nearest anchors of each side, one image at a time: all cosines, the top k, their mean.

    Args:
        anchors: N anchors.
        queries: (M, D) float32 of length one.
        top_k: k a side.

    Returns:
        (M,) scores.
    """
    scores = np.empty(len(queries))
    for row, query in enumerate(queries):
        cosines = []
        for side in (anchors.side("good"), anchors.side("bad")):
            similarity = anchors.directions[side] @ query
            nearest = np.argpartition(-similarity, top_k - 1)[:top_k] + side.start
            raw = anchors.directions[nearest] * anchors.norms[nearest, None]
            cosines.append(float(unit(raw.mean(axis=0)) @ query))
        scores[row] = expit((cosines[0] - cosines[1]) / TEMPERATURE)
    return scores


def bare_search(anchors: AnchorTable, queries: FloatArray, top_k: int) -> None:
    """Search both sides exactly with FAISS and do nothing with the neighbours: the limit of adaptive scoring."""
    import faiss

    for side in (anchors.side("good"), anchors.side("bad")):
        faiss.knn(queries, np.asarray(anchors.directions[side]), top_k, metric=faiss.METRIC_INNER_PRODUCT)


def flat_index(directions: FloatArray) -> Any:
    """Make FAISS's flat index as its documentation does, which copies the matrix."""
    import faiss

    index = faiss.IndexFlatIP(directions.shape[1])
    index.add(directions)
    return index


def mask_and_mean(anchors: AnchorTable, offset: float) -> tuple[FloatArray, FloatArray]:
    """Average what an offset keeps by a mask over the scores: the same anchors as `Offset` keeps, without ties.

    Returns:
        The directions of the two means, (D,) each.
    """
    quality = anchors.rated("an offset")
    kept = anchors.n_good - int(anchors.n_good * offset)
    is_good = anchors.is_good
    worst_good = np.sort(quality[is_good])[::-1][kept - 1]
    best_bad = np.sort(quality[~is_good])[min(kept, anchors.n_bad) - 1]
    good, bad = (
        unit((anchors.directions[mask] * anchors.norms[mask, None]).mean(axis=0))
        for mask in (is_good & (quality >= worst_good), ~is_good & (quality <= best_bad))
    )
    return good, bad

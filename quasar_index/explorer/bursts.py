"""Bursts among the photographs of a page, as `pick --one-of-a-burst` finds them, with bounded memory."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..anchors import AnchorTable
from ..arrays import IntArray
from ..images import registered
from ..methods.mean import Mean
from ..picking.bursts import PAUSE, leave_one_of_a_burst, moment_of
from .photos import Photos

_BLOCK = 2048
"""Photographs whose embeddings are held at a time, about."""


def find_bursts(photos: Photos, anchors: AnchorTable) -> IntArray:
    """Return the photograph that stays for each one's burst.

    Args:
        photos: n photographs, all of them scored.
        anchors: In whose whitened space they are compared.

    Returns:
        (n,) numbers, its own for one that stays.
    """
    stays = np.arange(len(photos))
    times, scores = photos.figures["taken"], photos.figures["score"]
    known = np.flatnonzero(~np.isnan(times) & ~np.isnan(scores))
    known = known[np.argsort(times[known], kind="stable")]
    if not len(known):
        return stays
    space = Mean(space="whitened").fit(anchors)
    runs = np.split(known, np.flatnonzero(np.diff(times[known]) > PAUSE) + 1)
    waiting: list[int] = []
    for n, run in enumerate(runs):
        waiting += run.tolist() if len(run) > 1 else []
        if waiting and (len(waiting) >= _BLOCK or n == len(runs) - 1):
            waiting.sort()  # equal ones in the order of their files
            directions = space.directions(photos.embeddings(waiting))
            found = leave_one_of_a_burst(times[waiting].tolist(), directions, scores[waiting].tolist())
            stays[waiting] = np.array(waiting)[found]
            waiting = []
    return stays


def moment_in(data: bytes) -> float | None:
    """Read when a photograph was taken from its file; None where it does not say."""
    try:
        with Image.open(io.BytesIO(data), formats=registered()) as image:
            return moment_of(image)
    except Exception:  # what is wrong with it, the row says
        return None

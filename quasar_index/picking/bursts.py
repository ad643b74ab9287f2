"""Bursts: photographs taken one right after another that look alike; the best of each stays.

Time alone says too little, because someone who walks about takes different pictures within seconds, and likeness alone
too little, because the same view may be wanted at noon and at dusk.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timezone

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..arguments import checked
from ..arrays import as_numbers, unit
from ..errors import DataError, counted
from ..images import open_image, read_image_bytes, registered
from ..paths import PathText

PAUSE = 3.0
"""Seconds between two photographs of a burst, at most: hands need longer to find another picture."""
ALIKE = 0.65
"""Least cosine of two photographs of a burst, in the whitened space of the anchors.

`python -m tests.benchmarks.bursts` measures what it finds: of made bursts nearly every frame has a fellow above it, of
different images of one subject few pairs are.
"""

_EXIF, _TAKEN, _FRACTION = 0x8769, 0x9003, 0x9291


@checked
def taken_at(path: PathText) -> float | None:
    """Read when a photograph was taken: EXIF's DateTimeOriginal, with SubSecTimeOriginal where it is there.

    Args:
        path: An image file, or a URL that fsspec opens.

    Returns:
        Seconds on the camera's own clock, of use for differences only; None where the file does not say.

    Example:
        >>> import quasar_index as qi
        >>> from PIL import Image
        >>> exif = Image.Exif()
        >>> exif.get_ifd(0x8769).update({0x9003: "2026:07:14 12:00:01", 0x9291: "25"})
        >>> Image.new("RGB", (8, 8)).save("photo.jpg", exif=exif)
        >>> qi.picking.taken_at("photo.jpg") % 60
        1.25
    """
    name = os.fspath(path)
    try:
        # A local file is opened by its head alone: photographs are large, and their pixels have been read before.
        # By rule 1, which opens the first page of a TIFF: cameras write EXIF there, whatever page is the picture.
        opened = open_image(read_image_bytes(name), rule=1) if "://" in name else Image.open(name, formats=registered())
        with opened as image:
            return moment_of(image)
    except Exception:  # Pillow raises anything on damaged metadata, which say nothing
        return None


def moment_of(image: Image.Image) -> float | None:
    """Read when an opened photograph was taken, as `taken_at` does."""
    try:
        found = image.getexif().get_ifd(_EXIF)
        moment = datetime.strptime(_text(found[_TAKEN])[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=timezone.utc)
        digits = "".join(filter(str.isdigit, _text(found.get(_FRACTION, ""))))
    except Exception:  # Pillow raises anything on damaged metadata, which say nothing
        return None
    return moment.timestamp() + (float(f"0.{digits}") if digits else 0.0)


@checked
def leave_one_of_a_burst(
    times: Sequence[float | None],
    directions: npt.ArrayLike,
    scores: Sequence[float | None],
    *,
    pause: float = PAUSE,
    alike: float = ALIKE,
) -> list[int]:
    """Find for each image the one that stays for its burst.

    Images of which each was taken at most `pause` after the one before form a run. In a run, from the best image
    downward, one stays unless it resembles a better one that stays.

    Args:
        times: n times in seconds (`taken_at`); an image without one is in no burst.
        directions: (n, D) directions in which images are compared, of any length; rows of images without a
            score may hold anything.
        scores: n scores, higher is better; an image without one is in no burst.
        pause: Seconds, >= 0.
        alike: Least cosine of two images that resemble each other, in (-1, 1].

    Returns:
        n places: its own for an image that stays, else that of the better one.

    Raises:
        DataError: When a number is out of range, or the lengths differ.

    Example:
        >>> import quasar_index as qi
        >>> views = [[1, 0], [0.99, 0.1], [0, 1], [1, 0]]
        >>> qi.picking.leave_one_of_a_burst([0.0, 0.3, 0.6, 90.0], views, [0.5, 0.8, 0.4, 0.1])
        [1, 1, 2, 3]
    """
    if not pause >= 0:
        raise DataError(f"a pause of {pause:g} seconds", "give 0 or more")
    if not -1 < alike <= 1:
        raise DataError(f"a similarity of {alike:g} for images of a burst", "give a cosine in (-1, 1]")
    vectors = unit(as_numbers(directions, np.float32, "directions"))
    if vectors.ndim != 2:
        raise DataError(f"directions have shape {vectors.shape}", "give (n, D)")
    if not len(times) == len(vectors) == len(scores):
        raise DataError(
            f"{counted(len(times), 'time')}, {counted(len(vectors), 'direction')} and {counted(len(scores), 'score')}",
            "give one of each an image",
        )
    stays = list(range(len(times)))
    known = [place for place in stays if times[place] is not None and scores[place] is not None]
    for run in _runs(known, times, pause):
        kept: list[int] = []
        for place in sorted(run, key=lambda one: -(scores[one] or 0.0)):
            cosines = vectors[kept] @ vectors[place] if kept else np.empty(0)
            if len(cosines) and cosines.max() >= alike:
                stays[place] = kept[int(cosines.argmax())]
            else:
                kept.append(place)
    return stays


def _runs(places: Sequence[int], times: Sequence[float | None], pause: float) -> list[list[int]]:
    """Divide images, in the order of their times, where the next one came later than the pause."""
    runs: list[list[int]] = []
    before = -np.inf
    for place in sorted(places, key=lambda one: times[one] or 0.0):
        now = times[place] or 0.0
        if now - before > pause:
            runs.append([])
        runs[-1].append(place)
        before = now
    return runs


def _text(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)

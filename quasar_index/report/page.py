"""One self-contained HTML page: template, style and script from the files beside this one, pictures as `data:` URIs.

All text goes through the template's escaping, control characters and undecodable bytes are shown as escapes, and the
page's Content-Security-Policy allows one script (by its hash) and no connection at all: a file name stays a name.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from typing import IO, Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ..arrays import DoubleArray
from ..errors import counted
from ..paths import common_folder

_STRANGE = 0.05
_SAME = 1 - 1e-5  # cosine of an image to itself, in float32
_MOST_BINS = 30
_FEWEST_SCORES = 8  # of which a histogram says more than the list
_LEGEND = (
    "Nearest anchors are those of each side whose embeddings have the highest cosine to the image in the space in use; "
    "below each stand its rating (bold) and that cosine. "
)
_RANGE = "A bar runs from the lowest score of this page ({}) to the highest ({}). "
_FAMILIARITY = (
    "Familiarity is the share of anchors that lie no nearer to another one than the image does to its nearest: "
    "near 0, the index has nothing to say. "
)


@dataclass(frozen=True)
class Neighbor:
    """An anchor near an image: row of the table, name, side, rating (or NaN) and cosine."""

    row: int
    name: str
    is_good: bool
    rating: float
    similarity: float


@dataclass(frozen=True)
class PageImage:
    """An image of the page.

    Attributes:
        path: Its name, readable, with / between folders.
        score: None on an error.
        opinion: mos, low, high, familiarity; None without a calibration or on an error.
        error: Why there is no score, or "".
        thumbnail: A `data:` URI, or None.
        neighbors: Nearest anchors of both sides.
    """

    path: str
    score: float | None
    opinion: tuple[float, float, float, float] | None
    error: str
    thumbnail: str | None
    neighbors: tuple[Neighbor, ...]

    @property
    def is_anchor(self) -> bool:
        """Whether it is among its own anchors, so that its score is no evidence."""
        return any(near.similarity > _SAME for near in self.neighbors)


@dataclass(frozen=True)
class Page:
    """What the page shows; `pictures` are the anchors' `data:` URIs by row, each of which is in the page once."""

    title: str
    facts: Mapping[str, str]
    notes: Sequence[str]
    images: Sequence[PageImage]
    pictures: Mapping[int, str]
    date: str = ""

    @cached_property
    def scores(self) -> DoubleArray:
        """All scores, ascending."""
        return np.sort([image.score for image in self.images if image.score is not None])

    @cached_property
    def digits(self) -> int:
        """Decimals that tell the scores apart."""
        span = float(np.ptp(self.scores)) if len(self.scores) else 0.0
        return min(6, max(3, 2 - math.floor(math.log10(span)))) if span > 0 else 3

    @cached_property
    def rating_digits(self) -> int:
        """Decimals of ratings and opinion scores."""
        values = [near.rating for image in self.images for near in image.neighbors if not math.isnan(near.rating)]
        span = max(values) - min(values) if values else 0.0
        return 2 if span < 20 else 1 if span < 1000 else 0

    @cached_property
    def common(self) -> str:
        """The folder that all images lie in, with its last /; "" for none."""
        return common_folder([image.path for image in self.images])


def write_page(page: Page, file: IO[str]) -> None:
    """Write the page, in pieces, to an open file."""
    folder = files(__package__)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_plain
    )
    template = environment.from_string(folder.joinpath("page.html").read_text(encoding="utf-8"))
    script = folder.joinpath("page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    scores, digits = page.scores, page.digits
    calibrated = any(image.opinion for image in page.images)
    legend = _LEGEND if any(image.neighbors for image in page.images) else ""
    if len(scores):
        legend += _RANGE.format(f"{scores[0]:.{digits}f}", f"{scores[-1]:.{digits}f}")
    where = {"images in": page.common} if page.common else {}
    context: dict[str, Any] = {
        "title": page.title,
        "generator": f"quasar-index {version('quasar-index')}",
        "date": page.date,
        "facts": [*page.facts.items(), *where.items()],
        "notes": [*page.notes, *_own_anchors(page)],
        "style": Markup(folder.joinpath("page.css").read_text(encoding="utf-8")),  # noqa: S704 - it is ours
        "script": Markup(script),  # noqa: S704
        "script_hash": f"sha256-{digest}",
        "pictures": page.pictures.items(),
        "n_images": len(page.images),
        "n_scored": len(scores),
        "n_failed": len(page.images) - len(scores),
        "has_opinions": calibrated,
        "histogram": list(_histogram(page)),
        "ticks": _ticks(page),
        "images": _images(page),
        "legend": legend + (_FAMILIARITY if calibrated else ""),
    }
    for piece in template.generate(context):
        file.write(piece)


def readable(text: str) -> str:
    """Show control characters, marks of writing direction and undecodable bytes as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _plain(value: Any) -> Any:
    """Make all text of the template readable, wherever it comes from; what is markup is ours."""
    return readable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _own_anchors(page: Page) -> Iterator[str]:
    """Warn of images that are among their own anchors."""
    if n := sum(image.is_anchor for image in page.images):
        one = n == 1
        yield (
            f"{n} of {counted(len(page.images), 'image')} "
            f"{'is itself an anchor' if one else 'are anchors themselves'}: "
            f"{'its score is' if one else 'their scores are'} no evidence of how well the index scores."
        )


def _histogram(page: Page) -> Iterator[dict[str, Any]]:
    """Count the scores in bins; nothing where they are few or do not differ."""
    scores = page.scores
    if len(scores) < _FEWEST_SCORES or scores[0] == scores[-1]:
        return
    counts, edges = np.histogram(scores, bins=min(_MOST_BINS, max(5, round(2 * math.sqrt(len(scores))))))
    for count, low, high in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield {
            "low": low,
            "high": high,
            "height": round(100 * count / counts.max(), 1),
            "label": f"{low:.{page.digits}f} to {high:.{page.digits}f}: {count} image{'' if count == 1 else 's'}",
        }


def _ticks(page: Page) -> list[dict[str, Any]]:
    """Name the ends of the histogram's axis, and its middle."""
    if not len(page.scores):
        return []
    low, high = float(page.scores[0]), float(page.scores[-1])
    return [{"left": 100 * part, "label": f"{low + part * (high - low):.{page.digits}f}"} for part in (0.0, 0.5, 1.0)]


def _images(page: Page) -> Iterator[dict[str, Any]]:
    """Put images into words and percentages, one at a time."""
    opinions = [image.opinion for image in page.images if image.opinion]
    scale = (min(one[1] for one in opinions), max(one[2] for one in opinions)) if opinions else (0.0, 1.0)
    scores = page.scores
    for order, image in enumerate(page.images):
        name = image.path[len(page.common) :]
        folder, _, base = name.rpartition("/")
        shown: dict[str, Any] = {
            "order": order,
            "name": name,
            "base": base or name,
            "folder": folder,
            "error": image.error,
            "is_anchor": image.is_anchor,
            "thumbnail": image.thumbnail,
            "opinion": _opinion(image.opinion, scale, page) if image.opinion else None,
            "sides": [
                (side, [_neighbor(near, page) for near in image.neighbors if near.is_good == is_good])
                for side, is_good in (("good", True), ("bad", False))
                if image.neighbors
            ],
            "sort": {
                "score": "" if image.score is None else repr(float(image.score)),
                "mos": repr(float(image.opinion[0])) if image.opinion else "",
                "familiarity": repr(float(image.opinion[3])) if image.opinion else "",
            },
        }
        if image.score is not None:
            shown["score"] = f"{image.score:.{page.digits}f}"
            shown["rank"] = 1 + len(scores) - int(np.searchsorted(scores, image.score, side="right"))
            shown["left"] = _percent(image.score, scores[0], scores[-1])
        yield shown


def _opinion(opinion: tuple[float, float, float, float], scale: tuple[float, float], page: Page) -> dict[str, Any]:
    mos, low, high, familiarity = opinion
    digits = page.rating_digits
    left = _percent(low, *scale)
    return {
        "mos": f"{mos:.{digits}f}",
        "low": f"{low:.{digits}f}",
        "high": f"{high:.{digits}f}",
        "at": _percent(mos, *scale),
        "left": left,
        "width": round(_percent(high, *scale) - left, 2),
        "familiarity": f"{familiarity:.2f}",
        "strange": familiarity < _STRANGE,
    }


def _neighbor(near: Neighbor, page: Page) -> dict[str, Any]:
    rating = "" if math.isnan(near.rating) else f"{near.rating:.{page.rating_digits}f}"
    return {
        "row": near.row,
        "pictured": near.row in page.pictures,
        "base": near.name.rpartition("/")[2],
        "rating": rating,
        "similarity": f"{near.similarity:.3f}",
        "title": f"{near.name}: {f'rating {rating}, ' if rating else ''}cosine {near.similarity:.3f}",
    }


def _percent(value: float, low: float, high: float) -> float:
    """Place a value between two ends; in the middle where they are the same."""
    return round(100 * float(value - low) / float(high - low), 2) if high > low else 50.0

"""One self-contained HTML page: template, style and script from the files beside this one, pictures as `data:` URIs.

All text goes through the template's escaping, control characters and undecodable bytes are shown as escapes, and the
page's Content-Security-Policy allows one script (by its hash), pictures of files, and no connection else: a file name
stays a name. Names of anchors, their pictures and what only an enlarged image shows stand at the end as data, which a
browser reads when an image is enlarged first: the grid of thousands of images is there before.
"""

from __future__ import annotations

import base64
import hashlib
import json
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
from ..methods.familiarity import UNLIKE
from ..paths import common_folder
from ..picking.ranking import order_of
from .patches import HEAT, OPACITY

_SAME = 1 - 1e-5  # cosine of an image to itself, in float32
_MOST_BINS = 30
_FEWEST_SCORES = 8  # of which a histogram says more than the list
_LEGEND = (
    "Nearest anchors are those of each side whose embeddings have the highest cosine to the image in the space in use; "
    "below each stand its rating (bold) and that cosine. "
)
_RANGE = "A bar runs from the lowest score of this page ({}) to the highest ({}). "
_UNUSUAL = (
    "Colours show how unusual the patches of an image are: the distance of each to the pristine ones, from the median "
    "of all patches on this page ({}, no colour) to their 99th percentile ({}). They compare places, and say nothing "
    "of the score of an image. "
)
_FAMILIARITY = (
    "Familiarity is the share of anchors that lie no nearer to another one than the image does to its nearest: "
    "near 0, the image is unlike all anchors, and its score says little. "
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
        opinion: mos, low, high; None without a calibration or on an error.
        error: Why there is no score, or "".
        thumbnail: A `data:` URI, or None.
        neighbors: Nearest anchors of both sides.
        familiarity: In [0, 1]; None where it is not known.
        link: URL of its file, absolute or from the page; "" where there is none.
        heat: A `data:` URI of its unusual patches, translucent, to be laid over the thumbnail; None without.
    """

    path: str
    score: float | None
    opinion: tuple[float, float, float] | None
    error: str
    thumbnail: str | None
    neighbors: tuple[Neighbor, ...]
    familiarity: float | None = None
    link: str = ""
    heat: str | None = None

    @property
    def is_anchor(self) -> bool:
        """Whether it is among its own anchors, so that its score is no evidence."""
        return any(near.similarity > _SAME for near in self.neighbors)


@dataclass(frozen=True)
class Page:
    """What the page shows; `pictures` are the anchors' `data:` URIs by row, each of which is in the page once.

    `scale` are the ends of the colours of unusual patches; None where no image has any.
    """

    title: str
    facts: Mapping[str, str]
    notes: Sequence[str]
    images: Sequence[PageImage]
    pictures: Mapping[int, str]
    date: str = ""
    scale: tuple[float, float] | None = None

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
    has_familiarity = any(image.familiarity is not None for image in page.images)
    legend = _LEGEND if any(image.neighbors for image in page.images) else ""
    if len(scores):
        legend += _RANGE.format(f"{scores[0]:.{digits}f}", f"{scores[-1]:.{digits}f}")
    if page.scale:
        legend += _UNUSUAL.format(*(f"{end:.3g}" for end in page.scale))
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
        "has_opinions": any(image.opinion for image in page.images),
        "has_familiarity": has_familiarity,
        "common": page.common,
        "histogram": list(_histogram(page)),
        "ticks": _ticks(page),
        "gradient": _gradient(),
        "scale": [f"{end:.3g}" for end in page.scale] if page.scale else [],
        "images": _images(page),
        "details": _details(page),
        "anchors": _anchors(page),
        "legend": legend + (_FAMILIARITY if has_familiarity else ""),
    }
    for piece in template.generate(context):
        file.write(piece)


def _gradient() -> str:
    """Return the scale of unusual patches for CSS: as translucent as on a photograph."""
    last = len(HEAT) - 1
    stops = (f"rgb({r} {g} {b} / {OPACITY * n / last:.2f})" for n, (r, g, b) in enumerate(HEAT))
    return f"linear-gradient(90deg, {', '.join(stops)})"


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
    """Put images into words, one at a time, the best first; those without a score come last."""
    scores = page.scores
    for order in order_of([image.score for image in page.images]):
        image = page.images[order]
        name = image.path[len(page.common) :]
        familiarity = image.familiarity
        shown: dict[str, Any] = {
            "order": order,
            "name": name,
            "base": name.rpartition("/")[2] or name,
            "error": image.error,
            "is_anchor": image.is_anchor,
            "thumbnail": image.thumbnail,
            "heat": image.heat if image.thumbnail else None,
            "opinion": None,
            "familiarity": None if familiarity is None else f"{familiarity:.2f}",
            "strange": familiarity is not None and familiarity < UNLIKE,
            "sort": {
                "score": "" if image.score is None else repr(float(image.score)),
                "mos": repr(float(image.opinion[0])) if image.opinion else "",
                "familiarity": "" if familiarity is None else repr(float(familiarity)),
            },
        }
        if image.opinion:
            names = ("mos", "low", "high")
            shown["opinion"] = {
                name: f"{value:.{page.rating_digits}f}" for name, value in zip(names, image.opinion, strict=True)
            }
        if image.score is not None:
            shown["score"] = f"{image.score:.{page.digits}f}"
            shown["rank"] = 1 + len(scores) - int(np.searchsorted(scores, image.score, side="right"))
        yield shown


def _details(page: Page) -> Iterator[Markup]:
    """Write what an enlarged image shows beside its card as JSON, one image at a time, in the order of the run."""
    opinions = [image.opinion for image in page.images if image.opinion]
    scale = (min(one[1] for one in opinions), max(one[2] for one in opinions)) if opinions else (0.0, 1.0)
    for image in page.images:
        shown: dict[str, Any] = {"near": [[near.row, f"{near.similarity:.3f}"] for near in image.neighbors]}
        if image.link:
            shown["link"] = image.link
        if image.score is not None:
            shown["left"] = _percent(image.score, page.scores[0], page.scores[-1])
        if image.opinion:
            mos, low, high = image.opinion
            left = _percent(low, *scale)
            shown["interval"] = [left, round(_percent(high, *scale) - left, 2), _percent(mos, *scale)]
        yield _json(shown)


def _anchors(page: Page) -> Iterator[tuple[int, Markup]]:
    """Write the anchors that are near an image as JSON: name, rating, and whether they are good."""
    found = {near.row: near for image in page.images for near in image.neighbors}
    for row, near in found.items():
        rating = "" if math.isnan(near.rating) else f"{near.rating:.{page.rating_digits}f}"
        yield row, _json([near.name, rating, near.is_good])


def _json(value: Any) -> Markup:
    """Write JSON that stays inside its element, whatever names it holds."""
    text = json.dumps(value, separators=(",", ":"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can end the element


def _percent(value: float, low: float, high: float) -> float:
    """Place a value between two ends; in the middle where they are the same."""
    return round(100 * float(value - low) / float(high - low), 2) if high > low else 50.0

"""The page of a map: one HTML file that needs no network; `scatter.js` draws the points, `page.js` all else.

Paths and labels are written by others. They stand in the page as JSON in a data block, where `<` is escaped, and reach
the screen as text nodes. Beside that, the page's Content-Security-Policy lets nothing run but its own script, which it
names by its hash, and lets nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from ..anchors import AnchorTable
from ..arrays import BoolArray, IntArray
from ..index.anchor_index import AnchorIndex
from ..index.ratings import raw_scores
from ..paths import PathText, new_output
from ..thumbnails import thumbnail_uris
from .colouring import Colouring
from .marking import Marks
from .packing import packed, packed_colours
from .projection import AnchorMap
from .wording import axis_titles, map_subtitle, map_title, shorten

_SEED = 0


def write_page(
    projection: AnchorMap,
    path: PathText,
    *,
    index: AnchorIndex,
    anchors: AnchorTable,
    colouring: Colouring,
    column: str,
    marks: Marks | None,
    n_thumbnails: int,
    max_pixels: int,
    on_progress: Callable[[int, int], None] | None,
) -> int:
    """Write the page; arguments as for `draw_map`, `column` being what `colouring` was made of.

    Returns:
        How many images could not be read.
    """
    is_marked = np.zeros(len(projection), dtype=np.bool_) if marks is None else marks.is_marked[projection.rows]
    extra = [] if column in {"side", "rating", anchors.rating} else [column]
    wanted = list(dict.fromkeys(["path", "score", "dataset", "reference", "distortion", "level", *extra]))
    table = index.metadata(anchors, wanted, rows=projection.rows)
    columns = {name: table[name].to_pylist() for name in wanted}
    columns["score"] = raw_scores(index, anchors, rows=projection.rows).tolist()
    paths = columns.pop("path")
    shown = _first_shown(is_marked, n_thumbnails)
    uris = thumbnail_uris([paths[n] for n in shown.tolist()], max_pixels=max_pixels, on_progress=on_progress)
    cards = {
        "paths": paths,
        "facts": _facts(projection, anchors, columns),
        "thumbnails": {int(n): uri for n, uri in zip(shown, uris, strict=True) if uri is not None},
        "asked": [] if len(shown) == len(projection) else sorted(shown.tolist()),
    }
    page = _page(
        title=map_title(projection, index.name),
        subtitle=map_subtitle(projection),
        drawn=_json(_drawn(projection, anchors, colouring, marks, is_marked)),
        cards=_json(cards),
    )
    with new_output(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return sum(uri is None for uri in uris)


def _first_shown(is_marked: BoolArray, most: int) -> IntArray:
    """Return the points that get a picture: the marked ones, then others at random."""
    order = np.random.default_rng(_SEED).permutation(len(is_marked))
    return order[np.argsort(~is_marked[order], kind="stable")][: max(most, 0)]


def _facts(
    projection: AnchorMap, anchors: AnchorTable, columns: Mapping[str, Sequence[Any]]
) -> list[tuple[str, list[str | None]]]:
    """Return what a card says beside the path: (name, n values), of columns that say something."""
    facts: list[tuple[str, list[str | None]]] = [
        ("side", ["good" if good else "bad" for good in anchors.is_good[projection.rows]])
    ]
    for name, values in columns.items():
        if name == "score":
            if anchors.quality is not None:
                pairs = zip(values, anchors.quality[projection.rows].tolist(), strict=True)
                facts.append((anchors.rating or "rating", [_rating(score, quality) for score, quality in pairs]))
        elif any(value is not None for value in values) and (name != "dataset" or len(set(values)) > 1):
            facts.append((name, [None if value is None else _text(value) for value in values]))
    return facts


def _rating(score: float | None, quality: float) -> str | None:
    """Return `4.2 (0.89 of 0 to 1)`: as the data set has it, and on the scale that data sets share."""
    if score is None or math.isnan(score) or math.isnan(quality):
        return None
    return f"{_text(score)} ({quality:.2f} of 0 to 1)"


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _drawn(
    projection: AnchorMap, anchors: AnchorTable, colouring: Colouring, marks: Marks | None, is_marked: BoolArray
) -> dict[str, Any]:
    """Return what `page.js` draws."""
    x, y = projection.points.T.astype(np.float32)
    return {
        "x": packed(x),
        "y": packed(y),
        "sides": packed(np.where(anchors.is_good[projection.rows], 0, 1).astype(np.uint8)),
        "colours": packed_colours(colouring),
        "axes": axis_titles(projection),
        "marked": np.flatnonzero(is_marked).tolist(),
        "mark": "" if marks is None else f"marked: {shorten(marks.label)} ({int(is_marked.sum()):,})",
    }


def _json(value: object) -> str:
    """Return JSON in ASCII that cannot end the script element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


def _page(*, title: str, subtitle: str, drawn: str, cards: str) -> str:
    here = files(__package__)
    style, *scripts = (here.joinpath(name).read_text("utf-8").strip() for name in ("page.css", "scatter.js", "page.js"))
    script = "\n".join(scripts)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<header><h1>{escape(title)}</h1><p>{escape(subtitle)}</p></header>
<noscript><p>This map is drawn by a script inside the page; allow it to run.</p></noscript>
<nav id="legend" aria-label="Colours"></nav>
<main id="map"><canvas id="points"></canvas><canvas id="over" role="img" aria-label="Map of the anchors"></canvas>
<p id="axes"></p></main>
<aside id="card" hidden>
<img id="picture" alt=""><p id="no-picture"></p>
<h2 id="file"></h2><dl id="facts"></dl><p id="path"></p>
</aside>
<footer>Hover a point to see the anchor, click it to keep its card, Esc closes it. Scroll to zoom, drag to move,
double-click to see all again; click a name in the legend to hide its points.</footer>
<script type="application/json" id="map-data">{drawn}</script>
<script type="application/json" id="card-data">{cards}</script>
<script type="module">{script}</script>
</body>
</html>
"""

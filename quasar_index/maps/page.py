"""The page of a map: one HTML file that needs no network, with plotly.js inside.

Paths and labels are written by others. They stand in the page as JSON in a data block, where `<` is escaped, and reach
the screen as text nodes (`page.js`) or, in plotly's legend, escaped. Beside that, the page's Content-Security-Policy
lets nothing run but its own two scripts, which it names by their hashes, and lets nothing be fetched.
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
from .colouring import GREY, SCALE_NAME, Colouring, Groups, Scale
from .marking import Marks
from .projection import AnchorMap
from .wording import axis_titles, map_subtitle, map_title, shorten

_WEBGL_FROM = 3000  # points; below it SVG is quick and needs no graphics driver
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
        figure=_figure(projection, colouring, marks, is_marked),
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


def _figure(projection: AnchorMap, colouring: Colouring, marks: Marks | None, is_marked: BoolArray) -> str:
    """Return plotly's figure as JSON that is safe inside a script element."""
    import plotly.graph_objects as go

    n = len(projection)
    size = max(4.0, min(9.0, 9.0 - math.log10(n / 300) * 2.5))
    # Where colours are steps of a scale, transparency would falsify them; else it shows how many lie on each other.
    opacity = 1.0 if isinstance(colouring, Scale) else 0.85 if marks is None else 0.7
    marker: dict[str, Any] = {"size": size, "opacity": opacity, "line": {"width": 0}}
    scatter = go.Scattergl if n >= _WEBGL_FROM else go.Scatter

    def points(members: IntArray, name: str, **options: Any) -> Any:
        x, y = projection.points[members].T.astype(np.float32)
        return scatter(
            x=x,
            y=y,
            customdata=members,
            name=f"{_plotly_text(shorten(name))} ({len(members):,})",
            mode="markers",
            **{"marker": marker, "hoverinfo": "none", **options},
        )

    traces = []
    if isinstance(colouring, Groups):
        # The last ones, which are grey, are drawn first, below the others; the legend has the groups in their order.
        for rank, group in reversed(list(enumerate(colouring.groups, start=1))):
            if group.members.any():
                colour = {**marker, "color": group.colour}
                traces.append(points(np.flatnonzero(group.members), group.label, marker=colour, legendrank=rank))
    else:
        is_unknown = np.isnan(colouring.values)
        if is_unknown.any():
            traces.append(points(np.flatnonzero(is_unknown), "none", marker={**marker, "color": GREY}))
        bar = {
            "title": {"text": _plotly_text(colouring.title), "side": "right", "font": {"size": 13}},
            "thickness": 14,
            "outlinewidth": 0,
        }
        scale = {"color": colouring.values[~is_unknown], "colorscale": SCALE_NAME, "showscale": True, "colorbar": bar}
        traces.append(points(np.flatnonzero(~is_unknown), "rated", marker={**marker, **scale}, showlegend=False))
    if marks is not None:
        ring = {"symbol": "circle-open", "size": size + 4, "color": "black", "line": {"width": 1.4}}
        traces.append(points(np.flatnonzero(is_marked), f"marked: {marks.label}", marker=ring, hoverinfo="skip"))
    x_title, y_title = axis_titles(projection)
    legend_title = _plotly_text(colouring.title) if isinstance(colouring, Groups) else ""
    axis = {"zeroline": False, "gridcolor": "#ebebeb", "linecolor": "#888", "ticks": "outside", "tickcolor": "#888"}
    layout = {
        "template": "none",
        "dragmode": "pan",
        "hovermode": "closest",
        "margin": {"l": 70, "r": 50, "t": 10, "b": 50},
        "legend": {
            "title": {"text": legend_title, "font": {"size": 13}},
            "orientation": "h",
            "y": 1.0,
            "yanchor": "bottom",
            "x": 0,
            "itemsizing": "constant",
        },
        "modebar": {"orientation": "v"},  # beside the legend, it would lie over its last names
        "showlegend": any(trace.showlegend is not False for trace in traces),
        "xaxis": {**axis, "title": {"text": x_title, "font": {"size": 13}}},
        # One scale for both axes: distances are what the map is about.
        "yaxis": {**axis, "title": {"text": y_title, "font": {"size": 13}}, "scaleanchor": "x"},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#222"},
    }
    return str(go.Figure(traces, layout).to_json())


def _plotly_text(text: str) -> str:
    """Escape what plotly would take for its tags (`<b>`, `<a href>`); quotes it shows as they stand."""
    return escape(text, quote=False)


def _json(value: object) -> str:
    """Return JSON in ASCII that cannot end the script element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


def _page(*, title: str, subtitle: str, figure: str, cards: str) -> str:
    from plotly.offline import get_plotlyjs

    here = files(__package__)
    library = get_plotlyjs().replace("\r\n", "\n")
    script, style = (here.joinpath(name).read_text("utf-8").strip() for name in ("page.js", "page.css"))
    # 'unsafe-eval' is for plotly's WebGL, which compiles its drawing code; styles it adds to the page itself.
    policy = (
        f"default-src 'none'; script-src {_hash(library)} {_hash(script)} 'unsafe-eval'; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{style}
</style>
</head>
<body>
<header><h1>{escape(title)}</h1><p>{escape(subtitle)}</p></header>
<noscript><p>This map is drawn by a script inside the page; allow it to run.</p></noscript>
<main id="map"></main>
<aside id="card" hidden>
<img id="picture" alt=""><p id="no-picture"></p>
<h2 id="file"></h2><dl id="facts"></dl><p id="path"></p>
</aside>
<footer>Hover a point to see the anchor, click it to keep its card, Esc closes it. Scroll to zoom, drag to move,
double-click to see all again; click a name in the legend to hide its points.</footer>
<script type="application/json" id="figure-data">{figure}</script>
<script type="application/json" id="card-data">{cards}</script>
<script>{library}</script>
<script>{script}</script>
</body>
</html>
"""

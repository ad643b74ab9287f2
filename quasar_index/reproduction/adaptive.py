"""The adaptive anchors of QUASAR's section 5: TAD66k anchors, AVA tests, a few anchors retrieved for each image.

The paper prints one figure of it, "SRCC of up to 0.859", and neither its encoder nor how the anchors were retrieved. So
what is declared here is a search among settings; the figure stands beside them all, and is no single one's.
"""

from __future__ import annotations

from ..methods.clustering import Clustering
from ..methods.knn import Knn
from ..methods.mean import Mean
from ..methods.method import Method
from ..methods.offset import Offset
from ..methods.retrieval import Retrieval
from ..methods.ridge import Ridge
from .declare import Experiment, PaperProtocol, PublishedFigure

ADAPTIVE_PUBLISHED = 0.859
TOP_K = (1, 4, 16, 64, 256)
"""Anchors that are retrieved for an image: of each side, or (joint, nearest neighbours) of both."""
_WHOLE = "all"
_UP_TO = PublishedFigure(None, f"section 5: up to {ADAPTIVE_PUBLISHED}, of a setting that it does not give")
_STATIC = PublishedFigure(None, "not in the paper")


def _point(series: str, x: float | str, method: Method) -> Experiment:
    adaptive = isinstance(method, Retrieval)
    return Experiment(
        series,
        "ava",
        "clip-vit-l-14",
        anchors="tad66k",
        anchor_input="crop-224",
        test_input="crop-224",
        method=method,
        x=x,
        published=_UP_TO if adaptive else _STATIC,
    )


def _retrieved(top_k: int) -> dict[str, Method]:
    """Return what is tried with some number of anchors, by series; joint ones need several to divide."""
    tried: dict[str, Method] = {
        "nearest neighbours' rating": Knn(top_k, space="raw"),
        "per side": Retrieval(top_k, space="raw"),
        "per side, weighted": Retrieval(top_k, similarity_temperature=0.05, rating_power=1.0, space="raw"),
        "per side, whitened": Retrieval(top_k),
    }
    if top_k > 1:
        tried["joint"] = Retrieval(top_k, mode="joint", space="raw")
        tried["joint, own median"] = Retrieval(top_k, mode="joint", division="local", space="raw")
    if top_k in (16, 64):
        tried["per side, half of the mean"] = Retrieval(top_k, blend=0.5, space="raw")
    return tried


def adaptive_protocol() -> PaperProtocol:
    """Declare the static aggregations and baselines, then the adaptive ones over k."""
    static: dict[str, Method] = {
        "mean": Mean(space="raw"),
        "offset 0.5": Offset(0.5, space="raw"),
        "100 clusters a side": Clustering(100, space="raw"),
        "whitened, closed form": Mean(),
        "ridge regression": Ridge(),
        "whole sides, soft": Retrieval(),
    }
    points = [_point(series, float(k), method) for k in TOP_K for series, method in _retrieved(k).items()]
    points.sort(key=lambda one: [name for k in TOP_K for name in _retrieved(k)].index(one.series))
    return PaperProtocol(
        "ADAPTIVE",
        "Adaptive anchors on aesthetics: TAD66k anchors around each image of AVA, beside static ones and baselines",
        (*points, *(_point(series, _WHOLE, method) for series, method in static.items())),
        x_label="anchors an image",
        others={"QUASAR, adaptive anchors (section 5, 'up to')": {"ava": ADAPTIVE_PUBLISHED}},
        notes=(
            f"the paper reports SRCC up to {ADAPTIVE_PUBLISHED}, but not its encoder, nor how anchors were retrieved",
            "so no row here is its setting; the encoder is the one that it has for aesthetics",
            "anchors an image: k of each side (per side), k of both (joint, nearest neighbours), or all",
            "weighted: softmax(cosine / 0.05) times |y - median|; half of the mean: blended with all of each side",
        ),
    )

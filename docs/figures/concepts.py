"""Draw the figures of the concept pages from real runs with the offline encoder on free photographs.

    python docs/figures/concepts.py [--only anchors,spaces] [--work DIR]

The images are those of `quasar-index demo`: tiles of 12 photographs, each as it is and distorted in four ways at five
levels. Minus the level stands in for a rating. Five photographs are never anchors where images are scored. The index
of all of them is kept in the work folder, so that the next call takes seconds.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from drawing import ACCENT, BAD, GOOD, GREY, axes, figure, save
from PIL import Image
from sklearn.linear_model import Ridge

import quasar_index as qi

HELD_OUT = ("chelsea", "coffee", "rocket", "grass", "flower")


class Demo:
    """The anchors of the demonstration, divided by photograph.

    Args:
        work: Folder that its index is kept in.

    Attributes:
        encoder: The offline encoder.
        anchors: Anchors of the other photographs.
        embeddings: (M, D) of the held-out ones.
        quality: (M,) minus their level.
        photographs: (M,) names.
        kinds: (M,) distortions; empty where undistorted.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        self.encoder = qi.load_encoder()
        name = work / "demo"
        if not name.exists():
            qi.demo.run_demo(name, work / "images", self.encoder)
        index = qi.AnchorIndex.open(name)
        every = index.anchors()
        columns = index.metadata(every, ["reference", "distortion", "level", "path"])
        table = {one: np.array(columns[one].to_pylist(), dtype=object) for one in columns.column_names}
        names = table["reference"].astype(str)
        codes = np.unique(names, return_inverse=True)[1]
        out = np.isin(names, HELD_OUT)
        self.all_embeddings = every.directions * every.norms[:, None]
        self.all_quality = -table["level"].astype(float)
        self.all_names = names
        self.anchors = qi.make_anchors(
            self.all_embeddings[~out], quality=self.all_quality[~out], groups=codes[~out].tolist()
        )
        self.embeddings, self.quality = self.all_embeddings[out], self.all_quality[out]
        self.photographs = names[out]
        self.kinds = np.array([one or "" for one in table["distortion"][out]])

    def path_of(self, photograph: str, kind: str) -> np.ndarray:
        """Return the rows of one held-out photograph under one distortion, from undistorted to level 5."""
        rows = np.flatnonzero((self.photographs == photograph) & np.isin(self.kinds, ("", kind)))
        order = np.argsort(-self.quality[rows], kind="stable")
        first = [rows[order][np.flatnonzero(self.quality[rows][order] == -level)[0]] for level in range(6)]
        return np.array(first)  # of several tiles the first


def plane(fitted: Any) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return what lays unit vectors of the space into a plane: good against bad, and the widest direction across."""
    centroids = fitted.static_centroids
    along = centroids.good[0, 0] - centroids.bad[0, 0]
    along /= np.linalg.norm(along)
    rest = fitted.table.directions - np.outer(fitted.table.directions @ along, along)
    across = np.linalg.svd(rest - rest.mean(axis=0), full_matrices=False)[2][0]
    return lambda vectors: (vectors @ along, vectors @ across)


def scatter_sides(ax: Any, x: np.ndarray, y: np.ndarray, is_good: np.ndarray, **how: Any) -> None:
    """Draw anchors, good over bad."""
    ax.scatter(x[~is_good], y[~is_good], color=BAD, label="bad anchors", linewidths=0, **how)
    ax.scatter(x[is_good], y[is_good], color=GOOD, label="good anchors", linewidths=0, **how)


def draw_anchors(demo: Demo) -> None:
    """Anchors, sides, centroids, and what becomes of a photograph that is blurred more and more."""
    fitted = qi.Mean().fit(demo.anchors)
    lay = plane(fitted)
    fig, ax = figure(4.2)
    x, y = lay(fitted.table.directions)
    scatter_sides(ax, x, y, fitted.table.is_good, s=14, alpha=0.55)
    for side, colour in (("good", GOOD), ("bad", BAD)):
        end = 0.42 * np.sign(lay(getattr(fitted.static_centroids, side)[0])[0][0])
        ax.annotate("", (end, 0), (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2.2}, zorder=5)
        ax.annotate(f"to the {side}\ncentroid", (end, 0), (0, 9), textcoords="offset points", ha="center", color=colour)
    rows = demo.path_of("chelsea", "gaussian-blur")
    at = lay(np.array([one / np.linalg.norm(one) for one in fitted.directions(demo.embeddings[rows])]))
    scores = fitted.score(demo.embeddings[rows]).score
    ax.plot(*at, color=ACCENT, lw=1.6, zorder=6)
    ax.scatter(*at, color=ACCENT, s=34, zorder=7, label="a cat, blurred more and more")
    for i, place in ((0, (0.02, -0.2)), (5, (-0.36, -0.2))):
        ax.annotate(f"level {i}: score {scores[i]:.2f}", (at[0][i], at[1][i]), place, color=ACCENT, fontsize=10,
                    arrowprops={"arrowstyle": "-", "color": ACCENT, "lw": 0.8})  # fmt: skip
    ax.set_xlim(-0.52, 0.52)
    axes(ax, "from bad to good", "widest direction across")
    ax.legend(loc="upper left", fontsize=9)
    save(fig, "anchors")


def draw_spaces(demo: Demo) -> None:
    """Scores of held-out photographs in the three spaces, and the shrinkage."""
    fig, panels = figure(5.6, 2, 2)
    rng = np.random.default_rng(0)
    for ax, space in zip(panels[:3], ("raw", "centred", "whitened"), strict=True):
        found = qi.Mean(space=space).fit(demo.anchors).score(demo.embeddings)
        ax.scatter(-demo.quality + rng.uniform(-0.25, 0.25, len(demo.quality)),
                   found.similarity_good - found.similarity_bad, s=7, color=GOOD, alpha=0.6, linewidths=0)  # fmt: skip
        axes(ax, "level of distortion", "cos good - cos bad")
        ax.set_title(f"{space}\nSRCC {qi.srcc(found.score, demo.quality):.2f}", fontsize=10)
    values = 10.0 ** np.arange(-2, 3.01, 0.25)
    curve = [
        qi.srcc(qi.Mean(shrinkage=float(one)).fit(demo.anchors).score(demo.embeddings).score, demo.quality)
        for one in values
    ]
    chosen = qi.methods.rated_shrinkage(demo.anchors)
    panels[3].semilogx(values, curve, color=ACCENT)
    panels[3].axvline(chosen, color=GREY, ls="--", lw=1)
    panels[3].set_title(f"whitened, by shrinkage\ndashed: chosen, {chosen:.3g}", fontsize=10)
    axes(panels[3], "shrinkage", "SRCC")
    save(fig, "spaces")


def draw_aggregation(demo: Demo) -> None:
    """Which anchors count for one image, and how methods compare over divisions."""
    fig, (left, right) = figure(7.4, 2)
    adaptive = qi.Retrieval().fit(demo.anchors)
    lay = plane(qi.Mean().fit(demo.anchors))
    row = demo.path_of("coffee", "jpeg")[3]
    query = adaptive.directions(demo.embeddings[[row]])[0]
    [told] = adaptive.explain(demo.embeddings[[row]])
    x, y = lay(adaptive.table.directions)
    scatter_sides(left, x, y, adaptive.table.is_good, s=4, alpha=0.5)
    for good, colour in ((True, GOOD), (False, BAD)):
        part = told.is_good == good
        size = 90 * told.weight[part] / told.weight.max()
        left.scatter(x[told.rows[part]], y[told.rows[part]], s=size, color=colour, alpha=0.6, linewidths=0)
    at = lay(query[None] / np.linalg.norm(query))
    left.scatter(*at, marker="X", s=110, color=ACCENT, zorder=5)
    left.annotate("the image", (at[0][0], at[1][0]), (8, 7), textcoords="offset points", color=ACCENT, fontsize=10)
    left.set_title("retrieval: anchors near the image count for more", fontsize=10)
    axes(left, "from bad to good", "widest direction across")
    methods = qi.read_methods([
        "mean:space=raw", "retrieval:top_k=8,space=raw", "mean", "offset", "clustering:n_clusters=4",
        "retrieval:top_k=8", "retrieval", "knn", "ridge",
    ])  # fmt: skip
    found: dict[str, list[float]] = {str(one): [] for one in methods}
    rng = np.random.default_rng(0)
    names = np.unique(demo.all_names)
    codes = np.unique(demo.all_names, return_inverse=True)[1]
    for _ in range(10):
        out = np.isin(demo.all_names, rng.choice(names, 5, replace=False))
        kept = demo.all_embeddings[~out], demo.all_quality[~out]
        anchors = qi.make_anchors(kept[0], quality=kept[1], groups=codes[~out].tolist())
        for method in methods:
            scores = method.fit(anchors).score(demo.all_embeddings[out]).score
            found[str(method)].append(qi.srcc(scores, demo.all_quality[out]))
    for place, values in enumerate(reversed(found.values())):
        right.scatter(values, np.full(len(values), place), s=14, color=GOOD, alpha=0.6, linewidths=0)
        right.plot([np.median(values)] * 2, [place - 0.3, place + 0.3], color=ACCENT, lw=2.5)
        right.annotate(f"{np.median(values):.2f}", (1.01, place), xycoords=("axes fraction", "data"), va="center",
                       color=GREY, fontsize=9)  # fmt: skip
    right.set_yticks(range(len(found)), list(reversed(found)))
    right.set_title("ten divisions by photograph; bar: median", fontsize=10)
    axes(right, "SRCC with minus the level", "")
    save(fig, "aggregation")


def draw_closed_form(demo: Demo) -> None:
    """The errors without one's own group, from one decomposition and by fitting again."""
    from quasar_index.methods.moments import fit_moments
    from quasar_index.methods.shrinkage import GRID, left_out_errors

    anchors, own = demo.anchors, fit_moments(demo.anchors)
    target = anchors.quality - anchors.quality.mean()
    centred = anchors.directions.astype(float) - own.mean
    basis = centred @ (own.eigenvectors / np.sqrt(own.n * np.maximum(own.eigenvalues, 1e-12 * own.eigenvalues.max())))
    grid = np.array(GRID)
    filters = [own.eigenvalues / (own.eigenvalues + value * own.level) for value in grid]
    grouped = np.mean(left_out_errors(basis, filters, target, anchors.groups) ** 2, axis=1)
    single = np.mean(left_out_errors(basis, filters, target, None) ** 2, axis=1)
    again = []
    for value in grid[::2]:
        errors = np.empty(len(target))
        for group in np.unique(anchors.groups):
            out = anchors.groups == group
            model = Ridge(alpha=own.n * value * own.level).fit(centred[~out], target[~out])
            errors[out] = target[out] - model.predict(centred[out])
        again.append(np.mean(errors**2))
    fig, ax = figure(3.6)
    ax.semilogx(grid, grouped, color=ACCENT, label="without the image's photograph: one decomposition")
    ax.scatter(grid[::2], again, color=GOOD, s=28, zorder=4, label="the same, fitted again without each photograph")
    ax.semilogx(grid, single, color=BAD, ls="--", label="without the image alone: other versions give it away")
    ax.axvline(grid[np.argmin(grouped)], color=GREY, ls=":", lw=1.2)
    ax.axvline(grid[np.argmin(single)], color=BAD, ls=":", lw=1.2)
    axes(ax, "shrinkage (dotted: the least error)", "mean squared error of the level")
    ax.legend(fontsize=9)
    save(fig, "closed-form")


def draw_calibration(demo: Demo) -> None:
    """Scores made without the image's photograph against ratings, and the map with its interval."""
    from quasar_index.statistics.calibration import fit_calibration

    codes = np.unique(demo.all_names, return_inverse=True)[1]
    quality = 5 + demo.all_quality * 0.8  # a scale from 1 to 5
    method = qi.Retrieval()
    scores = np.empty(len(quality))
    for code in np.unique(codes):
        out = codes == code
        anchors = qi.make_anchors(demo.all_embeddings[~out], quality=quality[~out], groups=codes[~out].tolist())
        scores[out] = method.fit(anchors).score(demo.all_embeddings[out]).score
    found = fit_calibration(scores, quality, groups=codes.tolist(), quality_range=(1, 5))
    x = np.linspace(0, 1, 400)
    mos, low, high = found.predict(x)
    fig, ax = figure(3.8)
    rng = np.random.default_rng(0)
    ax.scatter(scores, quality + rng.uniform(-0.12, 0.12, len(quality)), s=9, color=GOOD, alpha=0.5, linewidths=0,
               label="images, scored without their photograph")  # fmt: skip
    ax.fill_between(x, low, high, color=ACCENT, alpha=0.18, linewidth=0, label="low to high")
    ax.plot(x, mos, color=ACCENT, lw=2, label="mos")
    ax.set_title(f"interval for {found.level:.0%}: +-{found.half_width:.2f}; "
                 f"holds {found.coverage:.1%} of images of photographs left out", fontsize=10)  # fmt: skip
    axes(ax, "score", "rating, 1 to 5")
    ax.legend(loc="lower right", fontsize=9)
    save(fig, "calibration")


def draw_familiarity(demo: Demo) -> None:
    """What is usual among the anchors of the starter index, and where six images lie that are none of them."""
    from skimage import data

    from quasar_index.methods.familiarity import usual_nearest

    anchors = qi.AnchorIndex.open("starter").anchors()
    photographs, rng = dict(qi.demo.read_photographs()), np.random.default_rng(0)
    garage = photographs["motorcycle_left"]
    images = {
        "a page of text": np.repeat(data.page()[:, :, None], 3, axis=2),
        "a retina": data.retina()[400:800, 400:800],
        "a man with a camera": photographs["camera"],
        "a motorcycle": garage,
        "pure noise": rng.integers(0, 256, (256, 256, 3), dtype=np.uint8),
        "the motorcycle, blurred": qi.synthesis.distort(garage, "gaussian-blur", 5, rng=rng),
    }
    embeddings = qi.encode(demo.encoder, list(images.values()))
    told = qi.methods.familiarity(anchors, embeddings)
    usual = usual_nearest(anchors)
    directions = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    nearest = (directions @ anchors.directions.T).max(axis=1)
    fig, ax = figure(3.6)
    ax.plot(usual, np.linspace(0, 1, len(usual)), color=GOOD, lw=2)
    for i, name in enumerate(images):
        ax.scatter(nearest[i], told[i], color=ACCENT, s=40, zorder=4)
        ax.annotate(f"{name}: {told[i]:.2f}", (nearest[i], told[i]), (-9, (-4, 9)[i] if i < 2 else 5), ha="right",
                    textcoords="offset points", color=ACCENT, fontsize=10)  # fmt: skip
    ax.set_xlim(min(nearest.min(), usual.min()) - 0.11, None)
    ax.set_title("curve: anchors, and the nearest one of another photograph", fontsize=10)
    axes(ax, "cosine to the nearest anchor", "familiarity: share of anchors\nthat are no nearer")
    save(fig, "familiarity")


def draw_leaks(demo: Demo) -> None:
    """What SRCC becomes when anchors give the answer away."""
    codes = np.unique(demo.all_names, return_inverse=True)[1]
    parts = {
        "nothing left out": None,
        "the image itself left out": np.arange(len(codes)),
        "its photograph left out": codes,
    }
    fig, ax = figure(3)
    for offset, (name, colour) in enumerate((("mean", GOOD), ("knn:top_k=1", BAD))):
        method = qi.read_method(name)
        values = []
        for groups in parts.values():
            if groups is None:
                anchors = qi.make_anchors(demo.all_embeddings, quality=demo.all_quality)
                scores = method.fit(anchors).score(demo.all_embeddings).score
                values.append(qi.srcc(scores, demo.all_quality))
            else:
                report = qi.cross_validate([method], demo.all_embeddings, demo.all_quality, groups=groups.tolist(),
                                           n_resamples=40)  # fmt: skip
                values.append(qi.srcc(report.outcomes[0].scores, demo.all_quality))
        places = np.arange(3) + 0.38 * offset - 0.19
        ax.barh(places, values, 0.34, color=colour, label=name)
        for place, value in zip(places, values, strict=True):
            ax.annotate(f"{value:.2f}", (value, place), (4, 0), textcoords="offset points", va="center", color=GREY)
    ax.set_yticks(range(3), list(parts))
    ax.invert_yaxis()
    axes(ax, "SRCC with minus the level", "")
    ax.set_xlim(0, 1.08)
    ax.legend(loc="lower right", fontsize=9)
    save(fig, "leaks")


def draw_patches(demo: Demo) -> None:
    """Where an image is unlike pristine patches."""
    photographs = dict(qi.demo.read_photographs())
    folder = demo.work / "pristine"
    folder.mkdir(exist_ok=True)
    for name, pixels in photographs.items():
        if name not in HELD_OUT:
            Image.fromarray(pixels).save(folder / f"{name}.png")
    source = qi.datasets.choose_pristine_patches([str(path) for path in sorted(folder.iterdir())])
    index = qi.build_index(demo.work / "patches", [source], demo.encoder, overwrite=True).index
    scorer = qi.Scorer(index, qi.methods.Patches(), demo.encoder)
    whole = photographs["chelsea"]
    half = whole.copy()
    blurred = qi.synthesis.distort(whole, "gaussian-blur", 5, rng=np.random.default_rng(0))
    half[:, whole.shape[1] // 2 :] = blurred[:, whole.shape[1] // 2 :]
    fig, panels = figure(2.1, 1, 3)
    shown = {"as it is": whole, "right half blurred": half, "all blurred": blurred}
    maps = []
    for name, pixels in shown.items():
        Image.fromarray(pixels).save(demo.work / "seen.png")
        [row] = scorer.score_files([str(demo.work / "seen.png")])
        table = qi.report.patch_table(row, scorer.fitted).to_pydict()
        total, count = np.zeros(pixels.shape[:2]), np.zeros(pixels.shape[:2])
        for left, top, size, value in zip(table["left"], table["top"], table["size"], table["unusual"], strict=True):
            total[top : top + size, left : left + size] += value
            count[top : top + size, left : left + size] += 1
        maps.append((name, pixels, row.score, np.where(count > 0, total / np.maximum(count, 1), np.nan)))
    low, high = np.nanmedian([one[3] for one in maps]), np.nanmax([one[3] for one in maps])
    for ax, (name, pixels, score, heat) in zip(panels, maps, strict=True):
        ax.imshow(pixels)
        strength = np.nan_to_num(np.clip((heat - low) / (high - low), 0, 1))
        ax.imshow(heat, cmap=mpl.colormaps["YlOrRd"], vmin=low, vmax=high, alpha=0.75 * strength)
        ax.set_title(f"{name}\nscore {score:.3f}", fontsize=10)
        ax.set_axis_off()
    save(fig, "patches")


FIGURES = {
    "anchors": draw_anchors, "spaces": draw_spaces, "aggregation": draw_aggregation, "closed-form": draw_closed_form,
    "calibration": draw_calibration, "familiarity": draw_familiarity, "leaks": draw_leaks, "patches": draw_patches,
}  # fmt: skip


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(FIGURES))
    parser.add_argument("--work", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(given.work or Path(folder))
        for name in given.only.split(","):
            FIGURES[name](demo)


if __name__ == "__main__":
    main()

"""Figures of the way from files to an index."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np

from quasar_index.datasets import load_source
from quasar_index.encoders import load_encoder
from quasar_index.encoders.pipeline import BATCH_PIXELS
from quasar_index.images import decode, read_image_bytes
from quasar_index.index import build_index

from . import peers
from .options import BenchOptions
from .synthetic import photographs
from .timing import in_turns, seconds, summary

if TYPE_CHECKING:
    from quasar_index.encoders.image_tower import ImageTower

BATCH = 16
CROP = (224, 224)
NATIVE = (320, 480)


def build_crops(options: BenchOptions) -> dict[str, Any]:
    """Measure a build from 224-pixel crops against the encoder on decoded batches of them."""
    return _build(options, CROP)


def build_native(options: BenchOptions) -> dict[str, Any]:
    """Measure a build from images of 480 x 320 pixels against the encoder on decoded batches of them."""
    return _build(options, NATIVE)


def build_authors(options: BenchOptions) -> dict[str, Any]:
    """Measure a build in the fastest precision that agrees against the authors' loop over the same files."""
    paths = _images(options, CROP)
    encoder, trials = _encoder(options, paths)
    torch_encoder = load_encoder(options.encoder, precision="fp32")
    peers.authors_loop(paths[:2], torch_encoder)
    ratios, times = [], ([], [])  # type: ignore[var-annotated]
    for _ in range(options.rounds):
        ours = _build_seconds(options, paths, encoder)
        theirs = seconds(lambda: peers.authors_loop(paths, torch_encoder))
        ratios.append(theirs / ours)
        times[0].append(theirs)
        times[1].append(ours)
    detail = _rates(len(paths), authors=times[0], build=times[1])
    return {**summary(ratios), "detail": {**detail, "runtime": encoder.runtime, "trials": trials}}


def _build(options: BenchOptions, size: tuple[int, int]) -> dict[str, Any]:
    paths = _images(options, size)
    encoder, trials = _encoder(options, paths)
    images = [encoder.prepare(decode(read_image_bytes(path))) for path in paths]
    by_shape: dict[tuple[int, ...], list[Any]] = {}
    for image in images:
        by_shape.setdefault(image.shape, []).append(image)
    batches = []
    for shape, some in by_shape.items():
        step = min(BATCH, max(1, BATCH_PIXELS // (shape[0] * shape[1])))
        batches += [np.stack(some[start : start + step]) for start in range(0, len(some), step)]
    alone, build = in_turns(
        lambda: [encoder.forward(batch) for batch in batches],
        lambda: _build_seconds(options, paths, encoder),
        rounds=options.rounds,
    )
    decoding = seconds(lambda: [encoder.prepare(decode(read_image_bytes(path))) for path in paths])
    detail = _rates(len(paths), encoder=alone, build=build)
    detail["decode_milliseconds"] = 1000 * decoding / len(paths)
    return {
        **summary([a / b for a, b in zip(alone, build, strict=True)]),
        "detail": {**detail, "runtime": encoder.runtime, "trials": trials},
    }


def _build_seconds(options: BenchOptions, paths: list[str], encoder: ImageTower) -> float:
    """Build an index of the images, from label file to published folder, and throw it away."""
    folder = Path(mkdtemp(prefix="build-", dir=options.folder))
    try:
        labels = folder / "labels.csv"
        lines = [f"{path},{row}" for row, path in enumerate(paths)]
        labels.write_text("\n".join(["image,score", *lines]) + "\n", encoding="utf-8")
        source = load_source(str(labels), score_column="score")
        return seconds(lambda: build_index(folder / "index", [source], encoder, batch_size=BATCH))
    finally:
        shutil.rmtree(folder)


def _encoder(options: BenchOptions, paths: list[str]) -> tuple[ImageTower, list[str]]:
    """Load the encoder, and let a trial on the first images choose its precision where that is "auto"."""
    encoder: Any = load_encoder(options.encoder, precision=options.precision, n_images=10**9)  # type: ignore[arg-type]
    if options.precision != "auto":
        return encoder, []
    images = [encoder.prepare(decode(read_image_bytes(path))) for path in paths[:BATCH]]
    shape = images[0].shape
    batch = np.stack([image for image in images if image.shape == shape])
    return encoder, [str(candidate) for candidate in encoder.choose_runtime([batch])]


def _images(options: BenchOptions, size: tuple[int, int]) -> list[str]:
    if options.images:
        return list(options.images[: options.n_images])
    return photographs(options.folder, options.n_images, height=size[0], width=size[1])


def _rates(n: int, **times: list[float]) -> dict[str, Any]:
    return {f"{name}_images_a_second": n / float(np.median(values)) for name, values in times.items()} | {"n_images": n}

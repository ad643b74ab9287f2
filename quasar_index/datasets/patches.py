"""Patches of pristine images as anchors: cut and chosen here (`images.choose_patches`), or ready-cut files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..arguments import checked
from ..errors import DataError, ImageError, counted
from ..images import MAX_PIXELS, content_id, decode, open_image, read_image_bytes
from ..images.patch_files import check_patch_file, is_patch_file
from ..images.patches import (
    PatchRule,
    choose_patches,
    cut_patches,
    patch_colourfulness,
    patch_name,
    patch_places,
    patch_sharpness,
)
from ..paths import PathText, sha256_file
from .base import AnchorSource, make_records


class _Chosen(NamedTuple):
    """What one image gives: rows of records, or why it gives none."""

    rows: list[dict[str, Any]]
    why_none: str = ""


@checked
def choose_pristine_patches(
    images: Sequence[PathText],
    rule: PatchRule | None = None,
    *,
    name: str = "pristine",
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    on_progress: Callable[[int, int], None] | None = None,
) -> AnchorSource:
    """Cut pristine images into patches and choose those that tell of quality: anchors without a rating, all good.

    Args:
        images: Files or URLs.
        rule: Size and thresholds; None for those of the authors.
        name: Of the data set.
        n_workers: Threads; None for one a core, eight at most.
        max_pixels: Largest image that is decoded.
        on_progress: Called with (done, total) images.

    Returns:
        A record a patch: `path` names it (`photo.jpg::96x96+192+0`), `reference` is its image, and further columns are
        `image_id` (content id of the image's file), `left` and `top` (pixels), `sharpness` and `colourfulness`.

    Raises:
        DataError: When no image gives a patch.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
        >>> Image.fromarray(pixels).save("photo.png")
        >>> source = qi.datasets.choose_pristine_patches(["photo.png"])
        >>> source.kind, len(source), source.records["path"][0].as_py()
        ('patches', 6, 'photo.png::96x96+0+0')
    """
    rule = rule or PatchRule()
    paths = [os.fspath(one) for one in images]
    found: list[_Chosen] = []
    with ThreadPoolExecutor(n_workers or min(8, os.cpu_count() or 1)) as pool:
        try:
            for one in pool.map(partial(_chosen, rule=rule, max_pixels=max_pixels), paths):
                found.append(one)
                if on_progress is not None:
                    on_progress(len(found), len(paths))
        except BaseException:  # also Ctrl-C: do not read the rest
            pool.shutdown(cancel_futures=True)
            raise
    rows = [row for one in found for row in one.rows]
    empty = {path: one.why_none for path, one in zip(paths, found, strict=True) if one.why_none}
    if not rows:
        why = f"; the first, '{next(iter(empty))}': {next(iter(empty.values()))}" if empty else ""
        raise DataError(f"no patch of {counted(len(paths), 'image')} is chosen{why}", "use other photographs")
    record = {**asdict(rule), "stride": rule.size, "n_images": len(paths) - len(empty)}
    warnings = [f"{n} without a patch: {why}" for why, n in _counts(empty.values())]
    return _source(name, rows, record, warnings)


def _chosen(path: str, *, rule: PatchRule, max_pixels: int) -> _Chosen:
    """Choose the patches of one image."""
    try:
        data = read_image_bytes(path)
        pixels = decode(data, max_pixels=max_pixels)
        places = patch_places(pixels.shape[0], pixels.shape[1], rule.size, rule.size)
    except ImageError as error:
        return _Chosen([], error.message)
    patches = cut_patches(pixels, rule.size)
    chosen = choose_patches(patches, rule)
    patches = patches[chosen]
    tell = zip(
        places[chosen].tolist(), patch_sharpness(patches).tolist(), patch_colourfulness(patches).tolist(), strict=True
    )
    key = content_id(data)
    rows = [
        {
            "path": patch_name(path, rule.size, left, top),
            "reference": path,
            "image_id": key,
            "left": left,
            "top": top,
            "sharpness": sharpness,
            "colourfulness": colourfulness,
        }
        for (left, top), sharpness, colourfulness in tell
    ]
    return _Chosen(rows, "" if rows else "it has no colour")


@checked
def ready_patches(patches: Sequence[PathText], *, name: str = "pristine") -> AnchorSource:
    """Take files that are patches already, such as those that authors publish: anchors without a rating, all good.

    Args:
        patches: Files or URLs, square and all of one size; also HDF5 files of many, as GRepQ's authors publish them
            (see `images/patch_files.py`), which are read once to check their values.
        name: Of the data set.

    Returns:
        A record a patch; one of an HDF5 file has the path `FILE.hdf5::17`, its row, and no `reference`: nothing there
        says of which image it is.

    Raises:
        DataError: When one cannot be read, or is of another size than the first.

    Example:
        >>> import quasar_index as qi
        >>> from PIL import Image
        >>> for colour in ("red", "blue"):
        ...     Image.new("RGB", (96, 96), colour).save(f"{colour}.png")
        >>> qi.datasets.ready_patches(["red.png", "blue.png"]).patches["size"]
        96
    """
    paths = [os.fspath(one) for one in patches]
    sizes: dict[tuple[int, int], str] = {}
    rows: list[dict[str, Any]] = []
    files: dict[str, str] = {}
    for path in paths:
        try:
            if is_patch_file(path):
                held = check_patch_file(path)
                sizes.setdefault((held.size, held.size), path)
                rows += [{"path": f"{path}::{row}", "reference": None} for row in range(held.n_patches)]
                files[path] = sha256_file(Path(path))
            else:
                sizes.setdefault(open_image(read_image_bytes(path)).size, path)
                rows.append({"path": path, "reference": Path(path).stem})
        except ImageError as error:
            raise DataError(f"'{path}': {error.message}", error.hint) from error
    if not sizes:
        raise DataError("there are no patches", "name image files or folders of them")
    if len(sizes) > 1 or any(width != height for width, height in sizes):
        several = " and ".join(f"{width} x {height} ('{path}')" for (width, height), path in list(sizes.items())[:2])
        raise DataError(
            f"ready-cut patches are squares of one size, and these are {several}", "leave out --ready-cut to cut them"
        )
    ((size, _),) = sizes
    return _source(name, rows, {"size": size}, [], files)


def _source(
    name: str,
    rows: Sequence[dict[str, Any]],
    record: dict[str, Any],
    warnings: Sequence[str],
    files: Mapping[str, str] | None = None,
) -> AnchorSource:
    """Make the source of chosen patches; `files` are the checksums of files that hold many."""
    columns = {column: [row[column] for row in rows] for column in rows[0]}
    records = make_records({**columns, "side": ["good"] * len(rows)}, len(rows))
    # An interrupted build goes on only with the same choice.
    digest = hashlib.sha256(json.dumps([record, columns["path"], columns.get("image_id")]).encode()).hexdigest()
    return AnchorSource(
        name,
        records,
        "patches",
        "reference",
        checksums={"patches": digest, **(files or {})},
        warnings=tuple(warnings),
        patches=record,
    )


def _counts(reasons: Iterable[str]) -> list[tuple[str, str]]:
    """Return each reason with the number of its images, in words."""
    found: dict[str, int] = {}
    for reason in reasons:
        found[reason] = found.get(reason, 0) + 1
    return [(reason, counted(n, "image")) for reason, n in found.items()]

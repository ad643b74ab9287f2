"""Small pictures inside a page: an image file becomes a `data:` URI, so that an HTML file needs nothing beside it."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image, features

from .errors import ImageError
from .images import MAX_PIXELS, decode, open_image, read_image_bytes
from .images.decoding import to_pixels

SIZE = 96
"""Longer side of a thumbnail, in pixels: 1 to 3 kB each."""

_QUALITY = 75
_SITE_FAILURES = 3
_LIKE_BYTES = (bytes, bytearray, memoryview)


def thumbnail_uri(image: str | Path | bytes, size: int = SIZE, *, max_pixels: int = MAX_PIXELS) -> str | None:
    """Return a small picture of an image as a `data:` URI (WebP), safe in an attribute of HTML as it is.

    A picture is decoration: an image that cannot be read, of whatever reason, has none.

    Args:
        image: A path, a URL that fsspec opens, or the bytes of an image file.
        size: Longer side of the result in pixels, >= 1; a smaller image keeps its size.
        max_pixels: Largest width x height that is decoded.

    Returns:
        `data:image/webp;base64,...`, as `images.decode` reads it; None without a readable image.
    """
    picture = thumbnail(image, size, max_pixels=max_pixels)
    return None if picture is None else picture_uri(picture)


def picture_uri(picture: Image.Image) -> str:
    """Return a picture, RGB or RGBA, as a `data:` URI (WebP)."""
    file = io.BytesIO()
    kind = "webp" if features.check("webp") else "png" if picture.mode == "RGBA" else "jpeg"  # built without WebP
    picture.save(file, kind, quality=_QUALITY)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def thumbnail(
    image: str | Path | bytes,
    size: int = SIZE,
    *,
    max_pixels: int = MAX_PIXELS,
    admit: Callable[[int], None] | None = None,
) -> Image.Image | None:
    """Return a small picture of an image, in RGB; None without a readable image.

    Args:
        image: As in `thumbnail_uri`.
        size: As in `thumbnail_uri`.
        max_pixels: As in `thumbnail_uri`.
        admit: As in `images.decode`; a JPEG, which is decoded at a fraction of its size, is always let in.
    """
    try:
        data = bytes(image) if isinstance(image, _LIKE_BYTES) else read_image_bytes(str(image))
        picture = _decode_small(data, size, max_pixels) or Image.fromarray(
            decode(data, max_pixels=max_pixels, admit=admit)
        )
    except ImageError:
        return None
    picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    return picture


def thumbnail_uris(
    paths: Sequence[str],
    size: int = SIZE,
    *,
    max_pixels: int = MAX_PIXELS,
    n_workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[str | None]:
    """Return the small pictures of many images, read in threads.

    A site (`s3://bucket`, `https://host`) that failed three times in a row is asked no more: its thousands of images
    would each wait for the same time-out.

    Args:
        paths: n paths or URLs.
        size: As in `thumbnail_uri`.
        max_pixels: As in `thumbnail_uri`.
        n_workers: Threads; None for one a core, eight at most.
        on_progress: Called with (done, total), by the calling thread.

    Returns:
        n URIs; None where there is no readable image.
    """
    failures: dict[str, int] = {}

    def one(path: str) -> str | None:
        site = _site(path)
        if site and failures.get(site, 0) >= _SITE_FAILURES:
            return None
        uri = thumbnail_uri(path, size, max_pixels=max_pixels)
        if site:
            failures[site] = 0 if uri else failures.get(site, 0) + 1
        return uri

    found = []
    with ThreadPoolExecutor(n_workers or min(8, os.cpu_count() or 1)) as pool:
        try:
            for uri in pool.map(one, paths):
                found.append(uri)
                if on_progress is not None:
                    on_progress(len(found), len(paths))
        except BaseException:  # also Ctrl-C: do not read the rest
            pool.shutdown(cancel_futures=True)
            raise
    return found


def _decode_small(data: bytes, size: int, max_pixels: int) -> Image.Image | None:
    """Decode a JPEG at a fraction of its size, still twice the thumbnail's: several times as fast; None for others."""
    image = open_image(data, max_pixels=max_pixels)
    if image.format not in {"JPEG", "MPO"}:
        return None
    try:
        image.draft("RGB", (2 * size, 2 * size))
        return Image.fromarray(to_pixels(image))
    except Exception:  # what is wrong with it, `decode` knows how to say or to live with
        return None


def _site(path: str) -> str:
    """Return `scheme://host` of a URL, "" of a local path."""
    if "://" not in path:
        return ""
    try:
        parts = urlsplit(path)
    except ValueError:
        return path.partition("://")[0]
    return f"{parts.scheme}://{parts.netloc}"

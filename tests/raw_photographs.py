"""Raw photographs made for tests: DNG files with the tags that a camera writes, and uncompressed pixels."""

import struct

import numpy as np

_TYPES = {"B": 1, "s": 2, "H": 3, "L": 4, "R": 5, "r": 10}
_SIZES = {"B": 1, "s": 1, "H": 2, "L": 4, "R": 8, "r": 8}
CFA, LINEAR_RAW, RGB = 32803, 34892, 2
# The matrix from XYZ (D50 is near enough here) to linear sRGB: the camera's colours are those of sRGB.
_COLOR_MATRIX = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)


def _packed(kind, values):
    if kind == "s":
        return values
    if kind in "Rr":
        scale = 10_000
        pairs = [(round(value * scale), scale) for value in values]
        return b"".join(struct.pack("<II" if kind == "R" else "<ii", *pair) for pair in pairs)
    return struct.pack(f"<{len(values)}{kind}", *values)


def tiff(*pages):
    """Return a TIFF file.

    Args:
        pages: Of each its tags, {number: (kind, values)}, its pixels as an array, and its own sub-pages, a list.
    """
    out = bytearray(b"II*\0\0\0\0\0")

    def write(page):
        tags, pixels, inner = page
        tags = dict(tags)
        tags[273] = ("L", [len(out)])
        out.extend(np.ascontiguousarray(pixels).tobytes())
        tags[279] = ("L", [pixels.nbytes])
        if inner:
            tags[330] = ("L", [write(one) for one in inner])
        packed = {}
        for number, (kind, values) in sorted(tags.items()):
            body = _packed(kind, values)
            if len(body) > 4:
                out.extend(b"\0" * (len(out) % 2))
                place = len(out)
                out.extend(body)
                body = struct.pack("<I", place)
            packed[number] = (_TYPES[kind], len(values), body.ljust(4, b"\0"))
        out.extend(b"\0" * (len(out) % 2))
        start = len(out)
        out.extend(struct.pack("<H", len(packed)))
        for number, (kind, count, body) in packed.items():
            out.extend(struct.pack("<HHI", number, kind, count) + body)
        out.extend(struct.pack("<I", 0))
        return start

    last = 4
    for page in pages:
        start = write(page)
        out[last : last + 4] = struct.pack("<I", start)
        last = len(out) - 4
    return bytes(out)


def page(pixels, photometric, *, is_reduced=False, extra=None):
    """Return the tags and pixels of a page: (H, W) or (H, W, 3), of 8 or 16 bits."""
    height, width, channels = (*pixels.shape, 1)[:3]
    tags = {
        254: ("L", [int(is_reduced)]),
        256: ("L", [width]),
        257: ("L", [height]),
        258: ("H", [8 * pixels.itemsize] * channels),
        259: ("H", [1]),
        262: ("H", [photometric]),
        277: ("H", [channels]),
        278: ("L", [height]),
        284: ("H", [1]),
        **(extra or {}),
    }
    return tags, pixels, []


def camera_tags(orientation=1, neutral=(1.0, 1.0, 1.0), version=(1, 4, 0, 0)):
    """Return the tags of a DNG's first page."""
    return {
        271: ("s", b"Quasar\0"),
        272: ("s", b"Test\0"),
        274: ("H", [orientation]),
        50706: ("B", list(version)),
        50708: ("s", b"Quasar Test\0"),
        50721: ("r", _COLOR_MATRIX),
        50728: ("R", neutral),
        50778: ("H", [21]),
    }


def mosaic(colours):
    """Return the RGGB mosaic of (H, W, 3) uint16."""
    out = colours[:, :, 1].copy()
    out[::2, ::2] = colours[::2, ::2, 0]
    out[1::2, 1::2] = colours[1::2, 1::2, 2]
    return out


def linear(srgb):
    """Return 8-bit sRGB as linear 16-bit values, as a sensor counts."""
    share = np.asarray(srgb) / 255.0
    return np.rint(np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4) * 65535).astype(
        np.uint16
    )


def dng(srgb, *, colours=None, preview=None, is_linear=False, **camera):
    """Return a DNG file of (H, W, 3) uint8 sRGB.

    Args:
        srgb: What it is to show.
        colours: (H, W, 3) uint16, what the sensor counts of it; None for the light of sRGB.
        preview: (H, W, 3) uint8 of the first page, the raw page lying in its SubIFD as with cameras; None for none.
        is_linear: Three values a pixel (LinearRaw) instead of a mosaic.
        camera: Of `camera_tags`.
    """
    colours = linear(srgb) if colours is None else colours
    if is_linear:
        raw = page(colours, LINEAR_RAW)
    else:
        cfa = {33421: ("H", [2, 2]), 33422: ("B", [0, 1, 1, 2]), 50710: ("B", [0, 1, 2]), 50711: ("H", [1])}
        raw = page(mosaic(colours), CFA, extra=cfa)
    raw[0].update({50714: ("H", [0] * (3 if is_linear else 1)), 50717: ("L", [65535] * (3 if is_linear else 1))})
    if preview is None:
        raw[0].update(camera_tags(**camera))
        return tiff(raw)
    tags, pixels, _ = page(preview, RGB, is_reduced=True, extra=camera_tags(**camera))
    return tiff((tags, pixels, [raw]))

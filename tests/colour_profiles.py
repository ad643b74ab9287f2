"""ICC profiles written by hand from their published primaries, and the same conversions in plain arithmetic."""

import struct

import numpy as np

D50 = (0.9642, 1.0, 0.8249)
# Columns are the colorants adapted to D50, as Adobe's, Apple's and the ROMM's own profiles have them.
ADOBE_RGB = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
PRO_PHOTO = np.array([[0.79767, 0.13519, 0.03134], [0.28804, 0.71188, 0.00009], [0.0, 0.0, 0.82510]])
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])


def _fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _profile(space, kind, tags, connection=b"XYZ "):
    body, table, place = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table += name + struct.pack(">II", place + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = place + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, kind, space, connection)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + _fixed(*D50)
    return head + b"\0" * (128 - len(head)) + struct.pack(">I", len(tags)) + table + body


def _text(kind, text):
    data = text.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(data)) + data + b"\0" * 79 if kind == "desc" else (
        b"text\0\0\0\0" + data
    )  # fmt: skip


def _curve(gamma):
    """Return a curve: a power, a table of values in [0, 1], or the bytes of the tag."""
    if isinstance(gamma, bytes):
        return gamma
    if np.ndim(gamma) == 0:
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    values = np.rint(np.asarray(gamma) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + values.tobytes()


def _common(name):
    return [
        (b"desc", _text("desc", name)),
        (b"cprt", _text("text", "none")),
        (b"wtpt", b"XYZ \0\0\0\0" + _fixed(*D50)),
    ]


def rgb_profile(colorants=ADOBE_RGB, gamma=563 / 256, name="made"):
    """Return a profile of a display: its colorants as columns of XYZ under D50, and a power."""
    tags = _common(name)
    for letter, column in zip(b"rgb", colorants.T, strict=True):
        tags.append((bytes([letter]) + b"XYZ", b"XYZ \0\0\0\0" + _fixed(*column)))
        tags.append((bytes([letter]) + b"TRC", _curve(gamma)))
    return _profile(b"RGB ", b"mntr", tags)


def grey_profile(gamma=1.8):
    """Return a profile of one channel."""
    return _profile(b"GRAY", b"mntr", [*_common("grey"), (b"kTRC", _curve(gamma))])


def cmyk_profile():
    """Return a profile of a printer whose inks mix linearly in Lab: a table of its sixteen full overprints."""
    ramp = bytes(range(256))
    grid = b"".join(
        bytes(int(value) for value in _lab8(lab_of(np.array([c, m, y, k], dtype=float))))
        for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)
    )  # fmt: skip
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + ramp * 4 + grid + ramp * 3
    return _profile(b"CMYK", b"prtr", [*_common("ink"), (b"A2B0", table)], connection=b"Lab ")


def lab_of(inks):
    """Return the Lab of full or no inks of `cmyk_profile`."""
    paper, tints = np.array([100.0, 0, 0]), np.array([[-40, -30, -40], [-45, 60, 0], [-10, -5, 80], [-90, 0, 0]])
    lab = paper + inks @ tints
    return np.array([max(lab[0], 5.0), lab[1], lab[2]])


def _lab8(lab):
    return np.clip(np.rint([lab[0] * 2.55, lab[1] + 128, lab[2] + 128]), 0, 255)


def srgb_curve():
    """Return sRGB's curve as a table of 1024 values."""
    return decode_srgb(np.linspace(0, 1, 1024))


def decode_srgb(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encode_srgb(values):
    values = np.clip(values, 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def to_srgb(pixels, colorants=ADOBE_RGB, gamma=563 / 256):
    """Convert (..., 3) uint8 by the arithmetic of ICC.1: power, matrices to XYZ and sRGB, sRGB's curve."""
    linear = (np.asarray(pixels) / 255.0) ** gamma @ colorants.T @ np.linalg.inv(SRGB).T
    return np.rint(encode_srgb(linear) * 255).astype(np.uint8)


def lab_to_srgb(lab):
    """Convert (..., 3) Lab under D50 to 8-bit sRGB."""
    lab = np.asarray(lab, dtype=float)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * np.array(D50)
    return np.rint(encode_srgb(xyz @ np.linalg.inv(SRGB).T) * 255).astype(np.uint8)

"""Image files that attack whoever opens them: declared sizes, metadata, frames, formats that are none."""

import io
import struct
import zlib

from PIL import Image


def encoded(image, format_, **options):
    """Return the bytes of an image file."""
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *, bits=8, colour=2, pixels=b"", extra=b""):
    """Return a PNG of a declared size, whatever its pixels are; colour 0 is grey, 2 RGB, 6 RGBA."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", zlib.compress(pixels, 9)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg(width, height, *, progressive=False):
    """Return a small JPEG whose header declares a size."""
    data = bytearray(encoded(Image.new("RGB", (64, 64), "red"), "JPEG", progressive=progressive))
    place = data.find(b"\xff\xc2" if progressive else b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def gif(width, height):
    data = bytearray(encoded(Image.new("P", (64, 64)), "GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def gif_frame(width, height):
    """Return a GIF whose frame is larger than its screen."""
    data = bytearray(encoded(Image.new("P", (64, 64)), "GIF"))
    place = data.find(b",\0\0\0\0")
    data[place + 5 : place + 9] = struct.pack("<HH", width, height)
    return bytes(data)


def tiff(width, height, **options):
    data = bytearray(encoded(Image.new("RGB", (64, 64)), "TIFF", **options))
    (start,) = struct.unpack("<I", data[4:8])
    (n_tags,) = struct.unpack("<H", data[start : start + 2])
    for entry in range(start + 2, start + 2 + 12 * n_tags, 12):
        (tag,) = struct.unpack("<H", data[entry : entry + 2])
        if tag in (256, 257):
            data[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, width if tag == 256 else height)
    return bytes(data)


def webp(width, height):
    """Return an animated WebP whose canvas has a declared size."""
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime")]
    data = bytearray(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    place = data.find(b"VP8X")
    data[place + 12 : place + 18] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


def frames(format_, count):
    """Return an animation of many frames."""
    images = [Image.new("RGB", (64, 64), (number % 256, number // 256, 0)) for number in range(count)]
    return encoded(images[0], format_, save_all=True, append_images=images[1:])


def overlapping_tags(count):
    """Return EXIF of `count` tags of which each claims all of it as its value: read naively, its square."""
    head = b"II*\0" + struct.pack("<IH", 8, count)
    size = len(head) + 12 * count + 4
    tags = b"".join(struct.pack("<HHII", number + 1, 7, size - 16, 8) for number in range(count))
    return head + tags + b"\0\0\0\0"


def jpeg_with_exif(exif):
    """Return a JPEG with EXIF of any length, in as many segments as it takes."""
    data = encoded(Image.new("RGB", (64, 64), "red"), "JPEG")
    parts = [b"Exif\0\0" + exif[start : start + 65000] for start in range(0, len(exif), 65000)]
    return data[:2] + b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in parts) + data[2:]


POSTSCRIPT = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n"
    b"(quasar-index-was-here) (w) file closefile showpage\n%%EOF\n"
)

TOO_LARGE = {
    "png": lambda: png(60_000, 60_000),
    "jpeg": lambda: jpeg(65_000, 65_000),
    "gif": lambda: gif(65_000, 65_000),
    "gif frame": lambda: gif_frame(65_000, 65_000),
    "tiff": lambda: tiff(100_000, 100_000),
    "tiff of the largest size": lambda: tiff(0xFFFFFFFF, 0xFFFFFFFF),
    "webp": lambda: webp(16_383, 16_383),
    "bmp": lambda: b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
}
"""Little files that declare more pixels than are decoded."""

NOT_IMAGES = {
    "svg": lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "pdf": lambda: b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    "postscript": lambda: POSTSCRIPT,
    "postscript in its binary form": lambda: (
        b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 32, len(POSTSCRIPT)) + b"\0" * 20 + POSTSCRIPT
    ),
    "html": lambda: b"<!doctype html><script>alert(1)</script>",
    "zip": lambda: b"PK\3\4" + b"\0" * 60,
    "elf": lambda: b"\x7fELF" + b"\0" * 60,
    "text": lambda: b"hello",
    "icon": lambda: encoded(Image.new("RGB", (16, 16)), "ICO"),  # a format that nobody rates images in
}
"""Files that may be called .jpg."""

COMPRESSED_METADATA = {
    "text": lambda: png(
        8, 8, pixels=b"\0" * 200, extra=png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 80_000_000))
    ),
    "colour profile": lambda: png(
        8, 8, pixels=b"\0" * 200, extra=png_chunk(b"iCCP", b"k\0\0" + zlib.compress(b"a" * 80_000_000))
    ),
}
"""Little files whose metadata unpack to 80 MB."""

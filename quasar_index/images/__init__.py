"""Image files: which endings and formats count, listing folders, reading bytes, decoding to 8-bit RGB."""

from .decoding import MAX_PIXELS, allow_pixels, decode, open_image
from .folders import find_images, list_images
from .formats import FORMATS, is_image_name, registered
from .in_memory import as_pixels
from .reading import MAX_FILE_BYTES, content_id, read_image_bytes

__all__ = [
    "FORMATS",
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "allow_pixels",
    "as_pixels",
    "content_id",
    "decode",
    "find_images",
    "is_image_name",
    "list_images",
    "open_image",
    "read_image_bytes",
    "registered",
]

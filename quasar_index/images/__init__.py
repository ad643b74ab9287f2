"""Image files: which endings and formats count, listing folders, reading bytes, decoding to 8-bit sRGB."""

from .buckets import survey_url
from .decoding import MAX_PIXELS, allow_pixels, decode, open_image
from .folders import LeftOut, Survey, find_images, list_images, survey_folder, survey_glob
from .formats import FORMATS, is_image_name, is_readable_name, readable_endings, registered
from .globs import SYSTEM_FOLDERS
from .in_memory import as_pixels
from .patches import (
    PatchRule,
    choose_patches,
    cut_patches,
    patch_colourfulness,
    patch_places,
    patch_sharpness,
)
from .reading import MAX_FILE_BYTES, content_id, read_image_bytes

__all__ = [
    "FORMATS",
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "SYSTEM_FOLDERS",
    "LeftOut",
    "PatchRule",
    "Survey",
    "allow_pixels",
    "as_pixels",
    "choose_patches",
    "content_id",
    "cut_patches",
    "decode",
    "find_images",
    "is_image_name",
    "is_readable_name",
    "list_images",
    "open_image",
    "patch_colourfulness",
    "patch_places",
    "patch_sharpness",
    "read_image_bytes",
    "readable_endings",
    "registered",
    "survey_folder",
    "survey_glob",
    "survey_url",
]

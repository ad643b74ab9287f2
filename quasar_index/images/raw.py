"""Raw photographs: recognised by their content, developed by LibRaw with fixed settings.

A raw file holds what the sensor counted, and beside it small pictures, which are what Pillow would show. It is
developed roughly as the camera would do it, the same way for every file: white balance as the camera set it, colours in
sRGB with its curve, 8 bits, full size, upright, highlights clipped, nothing brightened or denoised (see `SETTINGS`).
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageFile

from ..arrays import ByteArray
from ..errors import ImageError
from .formats import RAW
from .pages import find_page, is_tiff

SETTINGS: dict[str, Any] = {
    "use_camera_wb": True,
    "use_auto_wb": False,
    "output_bps": 8,
    "gamma": (2.4, 12.92),  # of sRGB; LibRaw's own is that of television
    "no_auto_bright": True,
    "adjust_maximum_thr": 0.0,  # white is what the file says, not the brightest pixel
    "half_size": False,
    "four_color_rgb": False,
    "median_filter_passes": 0,
    "user_flip": None,  # as the camera says
}
"""Of `rawpy.RawPy.postprocess`, with AHD demosaicing, clipped highlights and sRGB as the colours."""

_STARTS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")


def looks_raw(data: bytes) -> bool:
    """Tell by its content whether a file is a raw photograph, whatever it is called.

    Args:
        data: The bytes of a file.
    """
    if data[4:12] == b"ftypcrx " or data.startswith(_STARTS) or data[6:14] == b"HEAPCCDR":
        return True
    if not is_tiff(data):
        return False
    # Canon's and Phase One's say so in the head, the others in their pages.
    return data[8:10] == b"CR" or data[8:12] in (b"IIII", b"MMMM") or find_page(data) == "raw"


def open_raw(data: bytes) -> RawPhotograph:
    """Open a raw photograph by its header.

    Raises:
        ImageError: When the extra is not installed, or LibRaw does not know the file.
    """
    RAW.load()
    return RawPhotograph(io.BytesIO(data))


def develop(data: bytes) -> ByteArray:
    """Develop a raw photograph.

    Args:
        data: The bytes of a file.

    Returns:
        (H, W, 3) uint8 sRGB, upright.

    Raises:
        ImageError: When the extra is not installed, or the file cannot be developed.
    """
    RAW.load()
    import rawpy

    settings = {
        **SETTINGS,
        "demosaic_algorithm": rawpy.DemosaicAlgorithm.AHD,
        "output_color": rawpy.ColorSpace.sRGB,
        "highlight_mode": rawpy.HighlightMode.Clip,
        "fbdd_noise_reduction": rawpy.FBDDNoiseReductionMode.Off,
    }
    try:
        with rawpy.imread(io.BytesIO(data)) as file:
            pixels: ByteArray = file.postprocess(**settings)
            return pixels
    except rawpy.LibRawIOError as error:
        raise ImageError("a raw photograph that is truncated", "restore or remove it") from error
    except Exception as error:
        raise ImageError(f"a raw photograph that cannot be developed ({_said(error)})", "convert it to TIFF") from error


class RawPhotograph(ImageFile.ImageFile):
    """A raw photograph as an image of Pillow, whose size is checked and whose pixels are used as those of any other."""

    format = "RAW"
    format_description = "raw photograph"

    def _open(self) -> None:
        import rawpy

        assert self.fp is not None  # noqa: S101 - for the type checker
        self._data = self.fp.read()
        try:
            with rawpy.imread(io.BytesIO(self._data)) as file:
                sizes = file.sizes
        except Exception as error:
            raise ImageError(
                f"a raw photograph that LibRaw cannot read ({_said(error)})", "convert it to DNG or TIFF"
            ) from error
        # What is held in memory is all that the sensor has, with its masked border.
        self._size = max(sizes.iwidth, sizes.raw_width), max(sizes.iheight, sizes.raw_height)
        self._mode = "RGB"
        self.tile = []

    def load(self) -> Any:
        """Develop it."""
        if self._im is None:
            pixels = develop(self._data)
            self.im = Image.fromarray(pixels).im
            self._size = self.im.size
            self._data = b""
        return Image.Image.load(self)

    def getexif(self) -> Image.Exif:
        """Return nothing: the pixels are upright already."""
        return Image.Exif()


def _said(error: BaseException) -> str:
    """Return what LibRaw says, which is bytes in its own errors."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return text.splitlines()[0][:160] if text.strip() else type(error).__name__

"""What decides an embedding, as an index records it: the input rule and the encoder's spec.

An image travels as uint8 (H, W, 3): `prepare` applies the input rule to one image (in a decoding thread), `forward`
embeds a batch of images of one size. Normalisation by mean and standard deviation happens in `forward`, per batch.

Reading a record needs no arrays: what applies a rule is imported there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from ..arguments import checked
from ..errors import EncoderError, ImageError

if TYPE_CHECKING:
    from ..arrays import ByteArray

Resize: TypeAlias = Literal["none", "shorter-side", "at-most", "crop", "squash"]
Precision: TypeAlias = Literal["auto", "fp32", "bf16", "fp16", "onnx", "openvino", "openvino-bf16"]
Triple: TypeAlias = tuple[float, float, float]

CLIP_MEAN: Triple = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD: Triple = (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
HALF: Triple = (0.5, 0.5, 0.5)
FLOAT32 = ("fp32", "onnx", "openvino")
"""Runtimes that compute in float32: on a CPU their embeddings are the same up to rounding, and serve each other."""
RULE_VERSION = 2
"""Version of what input rules do to an image: an index embeds every query by the version that it was built with.

Version 2 takes the full picture of a TIFF, converts colour profiles and scales deep pictures by their range (see
`images/decoding.py`); plain 8-bit sRGB pictures have the same pixels by both.
"""
_NO_PART = ("name", "weights", "runtime", "plugin")
"""Of a record, what decides no embedding."""


@checked
@dataclass(frozen=True)
class InputRule:
    """How an image becomes the encoder's input.

    Attributes:
        resize: "none" keeps the native resolution; "shorter-side" scales so that the shorter side is `size`;
            "at-most" does so only where the shorter side is longer than `size`; "crop" scales like "shorter-side"
            and cuts the central `size` x `size` square; "squash" scales to that square (SigLIP's way).
        size: Pixels; 0 with "none".
        interpolation: "bicubic" or "bilinear", antialiased (Pillow).
        mean: Subtracted from RGB in [0, 1].
        std: RGB is divided by it afterwards.
        min_side: Smallest side, after resizing, that the encoder can embed, in pixels.
        version: Of all that turns a file into these pixels (decoding, colour, scaling): `RULE_VERSION` of the program
            that wrote it. What a newer one does otherwise, it does under a number of its own.
    """

    resize: Resize
    size: int = 0
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    mean: Triple = CLIP_MEAN
    std: Triple = CLIP_STD
    min_side: int = 1
    version: int = RULE_VERSION

    def __str__(self) -> str:
        """Return the short form that `parse_input` reads."""
        return {
            "none": "native",
            "crop": f"crop-{self.size}",
            "squash": f"squash-{self.size}",
            "shorter-side": f"shorter-side={self.size}",
            "at-most": f"at-most={self.size}",
        }[self.resize]

    @checked
    def apply(self, image: ByteArray) -> ByteArray:
        """Resize and crop one image.

        Args:
            image: (H, W, 3) uint8.

        Returns:
            (H', W', 3) uint8; the same array where nothing is to be done.

        Raises:
            ImageError: When the result is smaller than the encoder can embed.
        """
        import numpy as np
        from PIL import Image

        from ..images import MAX_PIXELS, as_pixels

        image = as_pixels(image, rule=self.version)
        height, width = image.shape[:2]
        new_height, new_width = self._target(height, width)
        if (new_height, new_width) != (height, width):
            if new_height * new_width > MAX_PIXELS:
                raise ImageError(
                    f"{width} x {height} pixels would become {new_width} x {new_height} by the input rule {self}",
                    "cut the image, it is too narrow for the encoder",
                )
            filter_ = Image.Resampling.BICUBIC if self.interpolation == "bicubic" else Image.Resampling.BILINEAR
            image = np.asarray(Image.fromarray(image).resize((new_width, new_height), filter_))
            height, width = new_height, new_width
        if self.resize == "crop":
            top, left = round((height - self.size) / 2), round((width - self.size) / 2)
            image = image[top : top + self.size, left : left + self.size]
        if min(image.shape[:2]) < self.min_side:
            raise ImageError(
                f"{width} x {height} pixels are too small for the encoder, which needs {self.min_side} a side",
                "drop the image, or build with an input rule that enlarges it, such as --input crop-224",
            )
        return image

    def _target(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width to scale to."""
        if self.resize == "squash":
            return self.size, self.size
        if self.resize == "none" or (self.resize == "at-most" and min(height, width) < self.size):
            return height, width
        # Rounded as torchvision's Resize does it: the longer side is cut to a whole number.
        return (
            self.size if height <= width else int(self.size * height / width),
            self.size if width <= height else int(self.size * width / height),
        )


def parse_input(text: str, like: InputRule) -> InputRule:
    """Read the short form of an input rule, keeping the normalisation of another.

    Args:
        text: `native`, `crop-N`, `squash-N`, `shorter-side=N` or `at-most=N`.
        like: The rule whose interpolation, mean, std and smallest side are kept.

    Returns:
        The rule.

    Raises:
        EncoderError: When `text` is none of these.
    """
    kind, _, number = text.replace("crop-", "crop=").replace("squash-", "squash=").partition("=")
    if kind == "native" and not number:
        return replace(like, resize="none", size=0)
    if kind in ("crop", "squash", "shorter-side", "at-most") and number.isdigit() and int(number) > 0:
        return replace(like, resize=cast("Resize", kind), size=int(number))
    raise EncoderError(f"no input rule '{text}'", "use native, crop-224, shorter-side=512 or at-most=512")


@checked
@dataclass(frozen=True)
class EncoderSpec:
    """All that decides an embedding; an index records it, and refuses queries of another one.

    Attributes:
        name: Registered name, `open_clip:MODEL/PRETRAINED`, `timm:MODEL`, or `precomputed` for a user's embeddings.
        dim: D, the dimension of an embedding.
        fingerprint: Hash of the image tower's weights, whatever file format they came in; empty where nobody hashed
            them: for `precomputed`, and for embeddings that others published.
        input: The input rule; None for `precomputed`.
        layers: "final" (the last layer) or "stats" (means and deviations of each stage, see `efficientnet.py`).
        weights: File that the user gave by `--weights`, where later commands look for it first; empty otherwise.
        runtime: Precision and runtime that made the embeddings ("fp32", "onnx", "bf16", ...); all of them agree
            with float32, so it tells no two specs apart. Empty where it is not known.
        plugin: Package that brings the encoder, as "NAME VERSION"; empty for our own. It tells no two specs apart.

    Example:
        >>> import quasar_index as qi
        >>> ours = qi.EncoderSpec("precomputed", 4)
        >>> ours.difference(qi.EncoderSpec("precomputed", 8)), ours.difference(ours)
        ('dim 4 != 8', '')
    """

    name: str
    dim: int
    fingerprint: str = ""
    input: InputRule | None = None
    layers: str = "final"
    weights: str = ""
    runtime: str = field(default="", compare=False)
    plugin: str = field(default="", compare=False)

    @checked
    def difference(self, other: EncoderSpec) -> str:
        """Name what tells two specs apart, as `this != other`; empty where embeddings are comparable.

        Where one of them does not know its weights, their names have to do.
        """
        hashed = bool(self.fingerprint and other.fingerprint)
        for what in ("dim", "fingerprint" if hashed else "name", "layers", "input"):
            mine, theirs = getattr(self, what), getattr(other, what)
            if mine != theirs:
                same = str(mine) == str(theirs)  # such as rules that differ in their version alone
                return f"{what} {mine!r} != {theirs!r}" if same else f"{what} {mine} != {theirs}"
        return ""

    @property
    def rule_version(self) -> int:
        """Version of the input rule by which its images are read: what `images.decode` takes as `rule`."""
        return RULE_VERSION if self.input is None else self.input.version

    def at_rule(self, version: int) -> EncoderSpec:
        """Return the spec of the same encoder with images read by another version of the input rule."""
        return self if self.input is None else replace(self, input=replace(self.input, version=version))

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides an embedding, as plain JSON data: specs of known weights without a `difference` share it."""
        return {key: value for key, value in self.to_dict().items() if key not in _NO_PART}

    @property
    def key(self) -> str:
        """A hash of `identity`, 16 hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        data = asdict(self)
        return data if self.plugin else {key: value for key, value in data.items() if key != "plugin"}

    @classmethod
    @checked
    def from_dict(cls, data: Mapping[str, Any]) -> EncoderSpec:
        """Read what `to_dict` wrote; unknown keys are refused."""
        values = dict(data)
        if values.get("input") is not None:
            rule: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in values["input"].items()}
            values["input"] = InputRule(**{"version": 1, **rule})  # format 1 of an index had no other
            if values["input"].version not in range(1, RULE_VERSION + 1):
                raise EncoderError(
                    f"its images were read by version {values['input'].version} of the input rule; this version of "
                    f"quasar-index knows {RULE_VERSION}",
                    "update quasar-index",
                )
        if not isinstance(values.get("plugin", ""), str):
            raise EncoderError("the encoder's record names its plugin wrongly", "rebuild the index")
        if unknown := values.keys() - {known.name for known in fields(cls)}:
            raise EncoderError(f"the encoder's record has unknown keys {sorted(unknown)}", "update quasar-index")
        return cls(**values)

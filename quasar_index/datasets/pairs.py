"""A folder of pristine images and one of their distorted versions: anchors without a single rating."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from ..errors import DataError, counted
from .base import AnchorSource, make_records
from .distortions import KADID_DISTORTIONS
from .files import Folder
from .spec import Options

PAIR_OPTIONS = ("name", "kind")
PAIRS = (("reference", "distorted"), ("ref_imgs", "dist_imgs"), ("references", "distortions"))
"""Names of the two folders: ours, and those of KADIS-700k."""

_KADIS_NAME = re.compile(r"^(?P<stem>.+)_(?P<type>\d{2})_(?P<level>\d{2})$")


class Distortion(NamedTuple):
    """What the name of a distorted image tells."""

    reference: str | None
    distortion: str | None
    level: int | None


def find_pair(folder: Folder) -> tuple[str, str] | None:
    """Return the two sub-folders when the folder holds such a pair."""
    names = folder.names()
    return next((pair for pair in PAIRS if names.issuperset(pair)), None)


def distortion_of(name: str, references: Collection[str]) -> Distortion:
    """Read reference, distortion type and level off the name of a distorted image.

    The reference is the longest stem that the distorted stem equals, or begins with before a character that
    is neither letter nor digit; failing that, the sub-folder that is called as a reference.

    Args:
        name: Path below the folder of distorted images.
        references: Stems of the reference images, as a set or a dictionary.
    """
    folder, _, file = name.rpartition("/")
    stem = file.rpartition(".")[0] or file
    match = _KADIS_NAME.match(stem)
    kind = int(match["type"]) if match else 0
    distortion = level = None
    if match and 1 <= kind <= len(KADID_DISTORTIONS):
        distortion, level = KADID_DISTORTIONS[kind - 1], int(match["level"])
    for end in range(len(stem), 0, -1):
        if (end == len(stem) or not stem[end].isalnum()) and stem[:end] in references:
            return Distortion(stem[:end], distortion, level)
    for part in reversed(folder.split("/")):
        if part and part in references:
            return Distortion(part, distortion, level)
    return Distortion(None, distortion, level)


def load_pairs(folder: Folder, pair: tuple[str, str], options: Options, *, name: str | None = None) -> AnchorSource:
    """List reference and distorted images; references are good, distorted ones bad.

    Args:
        folder: Folder that holds both.
        pair: Names of the folder of references and of that of distorted images.
        options: Any of `PAIR_OPTIONS`.
        name: Name of the source; that of the folder by default.

    Raises:
        DataError: When one of the two has no image.
    """
    options.check(PAIR_OPTIONS, folder.root)
    good, bad = (folder.images(part) for part in pair)
    for part, found in zip(pair, (good, bad), strict=True):
        if not found:
            raise DataError(
                f"no images in {folder.path(part)}",
                f"expected images in {pair[0]}/ and {pair[1]}/ of {folder.root}",
            )
    stems: dict[str, str] = {}
    warnings = []
    for image in good:
        stem = image.rsplit("/", 1)[-1].rpartition(".")[0]
        if stem in stems:
            warnings.append(f"references '{stems[stem]}' and '{image}' have one name: they count as one content")
        stems.setdefault(stem, image)
    described = [distortion_of(image, stems) for image in bad]
    orphans = [image for image, found in zip(bad, described, strict=True) if found.reference is None]
    if orphans:
        warnings.append(
            f"{counted(len(orphans), 'distorted image has', 'distorted images have')} no reference by their "
            f"name, such as '{orphans[0]}'"
        )
    n_good, n_bad = len(good), len(bad)
    records = make_records(
        {
            "path": [folder.path(f"{pair[0]}/{image}") for image in good]
            + [folder.path(f"{pair[1]}/{image}") for image in bad],
            "side": ["good"] * n_good + ["bad"] * n_bad,
            "reference": [image.rsplit("/", 1)[-1].rpartition(".")[0] for image in good]
            + [found.reference for found in described],
            "distortion": [None] * n_good + [found.distortion for found in described],
            "level": [0] * n_good + [found.level for found in described],
        },
        n_good + n_bad,
    )
    return AnchorSource(
        name=options.text("name") or name or folder.name,
        records=records,
        kind=options.kind("full-reference"),
        division="reference",
        warnings=tuple(warnings),
    )

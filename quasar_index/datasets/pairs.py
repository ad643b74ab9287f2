"""A folder of pristine images and one of their distorted versions: anchors without a single human rating.

How severe a distortion is takes the place of one, where names (those of KADIS-700k) or the table that `synthesize`
writes tell it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from ..errors import DataError, counted
from .base import AnchorSource, make_records
from .distortions import KADID_DISTORTIONS, MOST_SEVERE, severity_of
from .files import Folder
from .labelled import SEVERITY
from .spec import Options
from .text_tables import read_csv
from .thresholds import threshold_of

PAIR_OPTIONS = ("name", "kind", "division", "threshold", "exclude")
SYNTHESIS_TABLE = "labels.csv"
"""Written by `synthesize` beside its images."""
PAIRS = (("reference", "distorted"), ("ref_imgs", "dist_imgs"), ("references", "distortions"))
"""Names of the two folders: ours, and those of KADIS-700k."""

_KADIS_NAME = re.compile(r"^(?P<stem>.+)_(?P<type>\d{2})_(?P<level>\d{2})$")


class Distortion(NamedTuple):
    """What the name of a distorted image tells."""

    reference: str | None
    distortion: str | None
    level: int | None
    severity: float | None = None


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
    """List reference and distorted images.

    Where the severity of distortions is known it is the rating, and divides them at its median; where it is not, or
    with `?division=reference`, references are good and distorted ones bad (QUASAR, section 3.2).

    Args:
        folder: Folder that holds both.
        pair: Names of the folder of references and of that of distorted images.
        options: Any of `PAIR_OPTIONS`.
        name: Name of the source; that of the folder by default.

    Raises:
        DataError: When one of the two has no image.
    """
    options.check(PAIR_OPTIONS, folder.root)
    good, bad = (folder.images(part, options.globs()) for part in pair)
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
    told = _told_severities(folder)
    severities = [0.0] * len(good) + [
        told.get(f"{pair[1]}/{image}", severity_of(found.distortion, found.level)) if found.distortion else None
        for image, found in zip(bad, described, strict=True)
    ]
    n_unknown = severities.count(None)
    is_known = n_unknown < len(bad)
    division = options.division("median" if is_known and not n_unknown else "reference")
    if division == "median" and n_unknown:
        raise DataError(
            f"the severity of {counted(n_unknown, 'distorted image')} is not known, so they have no side at its median",
            "drop ?division=median",
        )
    # Where the user asks for the paper's division, sides are all that anchors know.
    is_rated = is_known and options.text("division") != "reference"
    if is_rated and n_unknown:
        warnings.append(f"the severity of {counted(n_unknown, 'distorted image')} is not known by name: no rating")
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
            **({"score": severities} if is_rated else {}),
            **({SEVERITY: severities} if is_known else {}),
        },
        n_good + n_bad,
    )
    return AnchorSource(
        name=options.text("name") or name or folder.name,
        records=records,
        kind=options.kind("full-reference"),
        division=division,
        lower_is_better=is_rated,
        score_range=(0.0, MOST_SEVERE) if is_rated else None,
        warnings=tuple(filter(None, [*warnings, folder.left_out.describe()])),
        rating=SEVERITY if is_rated else "score",
        by_person=not is_rated,
        threshold=threshold_of(options, division, folder.root),
    )


def _told_severities(folder: Folder) -> dict[str, float]:
    """Return the severities that the table of `synthesize` gives, by path; it is no KADIS-700k, whose levels differ."""
    if SYNTHESIS_TABLE not in folder.names():
        return {}
    table = read_csv(folder.read(SYNTHESIS_TABLE), SYNTHESIS_TABLE)
    column = next((name for name in (SEVERITY, "level") if name in table.columns), None)
    if column is None or not {"path", "reference", "distortion"} <= set(table.columns):
        return {}
    return dict(zip(table.names("path"), table.numbers(column).tolist(), strict=True))

"""The starter index, made anew from its photographs.

    python -m quasar_index.starter.make FOLDER INDEX

`FOLDER/pristine` holds the pictures that `quasar_index.starter.photographs` cut. They are distorted into
`FOLDER/distorted`; the severity of a distortion stands in for a rating, and all pictures of a photograph are of one
reference, so that the shrinkage is chosen by leaving out whole photographs.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..datasets import load_source
from ..datasets.text_tables import read_csv
from ..encoders.base import Encoder
from ..errors import DataError, counted
from ..index import BuildReport, build_index
from ..paths import PathText, write_atomically
from ..synthesis import synthesize
from .photographs import PRISTINE

__all__ = ["make_starter", "write_distorted"]

DISTORTED = "distorted"
LABELS = "labels.csv"
SOURCE = "starter"
PER_PICTURE = 25
"""Distortions of a picture, drawn from 25 types at 5 levels. Twice as many gain nothing that can be measured."""


def write_distorted(folder: PathText, *, per_picture: int = PER_PICTURE, seed: int = 0) -> Path:
    r"""Distort the pictures of `folder/pristine` and say how severely.

    Args:
        folder: Holds `pristine`, with pictures called `PHOTOGRAPH_cutN`; what was distorted already is kept.
        per_picture: Distortions of a picture, 1 to 125.
        seed: Of their draw.

    Returns:
        The label file, `folder/labels.csv`: image, severity (0 for an undistorted picture, to 5), reference (the
        photograph), distortion and level.

    Raises:
        DataError: When there is no picture, or one cannot be used.
    """
    folder = Path(folder)
    report = synthesize(folder / PRISTINE, folder / DISTORTED, per_image=per_picture, seed=seed)
    if report.failures:
        picture, cause = report.failures[0]
        raise DataError(f"'{picture}' cannot be distorted: {cause}", "fetch the photographs anew")
    made = read_csv((folder / DISTORTED / LABELS).read_bytes(), LABELS)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "severity", "reference", "distortion", "level"])
    columns = (made.text(name) for name in ("path", "reference", "distortion", "level", "severity"))
    for path, picture, distortion, level, severity in zip(*columns, strict=True):
        photograph = Path(picture).stem.rpartition("_cut")[0]
        writer.writerow([f"{DISTORTED}/{path}", severity, photograph, distortion, level])
    write_atomically(folder / LABELS, text.getvalue().encode())
    return folder / LABELS


def make_starter(
    folder: PathText,
    name: PathText,
    encoder: Encoder,
    *,
    per_picture: int = PER_PICTURE,
    seed: int = 0,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> BuildReport:
    """Distort the pictures of a folder and build an index of them.

    Args:
        folder: See `write_distorted`.
        name: Name or path of the index.
        encoder: Embeds the pictures.
        per_picture: See `write_distorted`.
        seed: See `write_distorted`.
        overwrite: Replace an index of that name.
        on_progress: Called with (done, total) pictures.

    Returns:
        What was built: an index of float16 embeddings, rated by severity, with the photograph as reference.

    Raises:
        DataError: See `write_distorted`.
        AnchorIndexError: When the index exists and is not to be overwritten.
    """
    labels = write_distorted(folder, per_picture=per_picture, seed=seed)
    source = replace(load_source(str(labels)), name=SOURCE, kind="full-reference")
    return build_index(name, [source], encoder, dtype="float16", overwrite=overwrite, on_progress=on_progress)


def main(arguments: list[str] | None = None) -> None:
    """Make the index that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("index", metavar="INDEX", help="name or path of the index; an earlier one is replaced")
    given = parser.parse_args(arguments)
    from ..encoders import load_encoder

    report = make_starter(given.folder, given.index, load_encoder(), overwrite=True)
    sys.stdout.write(f"{counted(len(report.index), 'anchor')} in {report.index.path}\n")


if __name__ == "__main__":
    main()

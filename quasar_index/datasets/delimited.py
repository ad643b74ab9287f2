"""The common case: one delimited label file, one row an image, images in one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .declare import Labels, find_label, image_folder, image_paths, scored_records, travelling
from .files import Folder, stem
from .labelled import SEVERITY
from .pairs import Distortion
from .spec import Options
from .tables import LabelTable
from .text_tables import read_csv


@dataclass(frozen=True)
class DelimitedLabels:
    """Reader of one delimited label file.

    Attributes:
        labels: Where the label file may lie, the published place first.
        images: Where the folder of images may lie, likewise.
        image: Column of image names.
        score: Column of scores.
        bounds: Lowest and highest valid score; None for any number.
        header: Column names of a file without a header line.
        sep: Field separator; None for that of the header line.
        ending: Ending that image names lack in the label file.
        describe: Reads reference, type and level off an image name, for full-reference data.
        references: Folder of the reference images, likewise.
        reference_ending: Ending of their names.
    """

    labels: Sequence[str]
    images: Sequence[str]
    image: str
    score: str
    bounds: tuple[float, float] | None = None
    header: Sequence[str] | None = None
    sep: str | None = None
    ending: str = ""
    describe: Callable[[str], Distortion] | None = None
    references: Sequence[str] = ()
    reference_ending: str = ""

    def __call__(self, folder: Folder, options: Options) -> Labels:  # noqa: ARG002 - the signature of all readers
        """Read the label file under a root."""
        table = self.table(folder)
        names = [name + self.ending for name in table.names(self.image)]
        columns = {
            "path": image_paths(folder, image_folder(folder, *self.images), names),
            "score": table.numbers(self.score, self.bounds),
            **travelling(table, self.image, self.score),
        }
        references = None
        if self.describe is not None:
            columns |= described(names, self.describe)
            references = reference_paths(folder, self.references, columns["reference"], self.reference_ending)
        records, warnings = scored_records(table, columns, references=references)
        return Labels(records, warnings=warnings)

    def table(self, folder: Folder) -> LabelTable:
        """Read the label file and check its columns."""
        file = find_label(folder, *self.labels)
        table = read_csv(folder.read(file), file, header=self.header, sep=self.sep)
        table.require(self.image, self.score)
        return table


def described(names: Iterable[str], describe: Callable[[str], Distortion]) -> dict[str, Any]:
    """Return the columns that the names of distorted images tell."""
    parts = [describe(name) for name in names]
    severities = [part.severity for part in parts]
    return {
        "reference": [part.reference for part in parts],
        "distortion": [part.distortion for part in parts],
        "level": [part.level for part in parts],
        **({SEVERITY: severities} if any(one is not None for one in severities) else {}),
    }


def reference_paths(
    folder: Folder, candidates: Sequence[str], ids: Iterable[str | None], ending: str
) -> Mapping[str, str]:
    """Return the path of each reference image, by the id that the distorted images name."""
    directory = image_folder(folder, *candidates)
    listed = {stem(name).casefold(): name for name in sorted(folder.names(directory), reverse=True)}
    return {
        name: folder.path(f"{directory}/{listed.get(name.casefold(), name + ending)}")
        for name in dict.fromkeys(ids)
        if name is not None
    }

"""The `meta_info` CSV of pyiqa (IQA-PyTorch), which describes any data set in one form."""

from __future__ import annotations

import re
from typing import Any

from ..errors import DataError
from .declare import Dataset, Labels, scored_records, travelling
from .files import Folder, split_file, stem
from .spec import Options
from .text_tables import read_csv
from .usable import usable_rows

# pyiqa's own configuration: in these alone a lower score is better
_LOWER_IS_BETTER = {"csiq", "live", "liveiqa", "livem", "livemd"}
_NUMBERED_SPLITS = {"0": "train", "1": "val", "2": "test"}
_IMAGE_COLUMNS = ("dist_name", "name", "img_name")


def _read_pyiqa(folder: Folder, options: Options) -> Labels:
    parent, file = split_file(folder.root)
    if not file.endswith(".csv"):
        raise DataError(f"{folder.root} is not a CSV file", "pyiqa:meta_info_NAMEDataset.csv?images=FOLDER")
    table = read_csv(parent.read(file), file, problems=options.problems)
    folder.checksums.update(parent.checksums)
    image = next((name for name in _IMAGE_COLUMNS if name in table.columns), None)
    score = next((name for name in ("mos", "dmos") if name in table.columns), None)
    if image is None or score is None:
        table.require("ref_name", "dist_name", "mos") if "ref_name" in table.columns else table.require("name", "mos")
        raise DataError(f"{file} has no {'image' if image is None else 'score'} column")
    table, _ = usable_rows(table, options, image=image, score=score, bounds=options.bounds())
    root = options.text("images")
    images = Folder(root) if root else parent
    columns: dict[str, Any] = {
        "path": [images.resolve(name) for name in table.names(image)],
        "score": table.columns[score],
        **travelling(table, image, score, "ref_name", "std"),
    }
    if "std" in table.columns and any(table.text("std")):
        columns["score_std"] = table.typed("std")
    if (splits := _splits(table, options)) is not None:
        columns["split"] = splits
    references = None
    if "ref_name" in table.columns:
        names = table.names("ref_name")
        columns["reference"] = [stem(name) for name in names]
        references = {stem(name): images.resolve(name) for name in dict.fromkeys(names)}
    records, warnings = scored_records(table, columns, references=references)
    known = re.sub(r"dataset$", "", stem(file).casefold().removeprefix("meta_info_")) in _LOWER_IS_BETTER
    lower = options.flag("lower")
    return Labels(
        records,
        score_range=options.bounds(),
        kind="no-reference" if references is None else "full-reference",
        division="median" if references is None else "reference",
        lower_is_better=known if lower is None else lower,
        warnings=(*table.warnings, *warnings),
    )


def _splits(table: Any, options: Options) -> list[str | None] | None:
    column = options.text("split_by")
    if column is None and "official_split" in table.columns:
        column = "official_split"
    if column is None:
        if options.text("split") is not None:
            raise DataError(
                f"{table.file} has no column 'official_split'",
                f"name one with ?split_by=COLUMN; its columns: {', '.join(table.columns)}",
            )
        return None
    table.require(column)
    return [_NUMBERED_SPLITS.get(cell, cell) or None for cell in (text.strip() for text in table.text(column))]


PYIQA = Dataset(
    name="pyiqa",
    title="pyiqa meta_info CSV",
    kind="no-reference",
    size=None,
    licence="as the data set that it describes",
    homepage="https://github.com/chaofengc/IQA-PyTorch",
    tree="""\
ROOT is the CSV file itself: name,mos,std,<splits> or ref_name,dist_name,mos,std,<splits>
images relative to its folder, or to ?images=FOLDER""",
    read=_read_pyiqa,
    splits={"train": None, "val": None, "test": None},
    options={
        "images": "folder of the images",
        "split_by": "column of the split, such as ratio802_seed123_split_01 (default official_split)",
        "lower": "true where lower is better (known for CSIQ, LIVE and LIVE MD)",
        "range": "lowest and highest valid score",
        "missing": "drop leaves out rows without a score",
    },
)

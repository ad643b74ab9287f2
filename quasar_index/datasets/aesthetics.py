"""Aesthetics data: how much people like photographs and generated pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DataError
from .coyo import COYO
from .declare import Dataset, Labels, find_label, image_folder, image_paths, scored_records, travelling
from .files import Folder
from .sac import SAC
from .spec import Options
from .tables import LabelTable
from .text_tables import read_csv

_AVA_COUNTS = tuple(f"c{grade}" for grade in range(1, 11))
_AVA_TEST = ("aesthetics_image_lists/generic_test.jpgl", "generic_test.jpgl")
_AADB_FOLDERS = {
    "train": ("imgListTrainRegression_score.txt", "datasetImages_originalSize"),
    "validation": ("imgListValidationRegression_score.txt", "datasetImages_originalSize"),
    "test": ("imgListTestNewRegression_score.txt", "AADB_newtest_originalSize"),
}


def _read_ava(folder: Folder, options: Options) -> Labels:
    file = find_label(folder, "AVA.txt")
    header = ("index", "id", *_AVA_COUNTS, "tag1", "tag2", "challenge")
    table = read_csv(folder.read(file), file, header=header, sep="space")
    counts = np.stack([table.numbers(name, (0, np.inf), what="count of ratings") for name in _AVA_COUNTS], axis=1)
    n_ratings = counts.sum(axis=1)
    empty = np.flatnonzero(n_ratings == 0)
    if len(empty):
        raise DataError(f"{table.where(int(empty[0]))}: no ratings", "drop the line")
    grades = np.arange(1, 11)
    mean = counts @ grades / n_ratings
    variance = np.maximum(counts @ grades**2 / n_ratings - mean**2, 0)
    ids = table.names("id")
    columns: dict[str, Any] = {
        "path": image_paths(folder, image_folder(folder, "images", "image"), [f"{name}.jpg" for name in ids]),
        "score": mean,
        "score_std": np.sqrt(variance),
        "score_n": n_ratings.astype(np.int64),
        **travelling(table, "index", "id", *_AVA_COUNTS),
    }
    test = next((name for name in _AVA_TEST if folder.exists(name)), None)
    if test is not None:
        held_out = {name.removesuffix(".jpg") for name in read_csv(folder.read(test), test, header=("id",)).names("id")}
        columns["split"] = ["test" if name in held_out else "train" for name in ids]
    elif options.text("split") is not None:
        find_label(folder, _AVA_TEST[0])
    records, warnings = scored_records(table, columns)
    return Labels(records, warnings=warnings)


def _read_aadb(folder: Folder, options: Options) -> Labels:  # noqa: ARG001
    names: list[str] = []
    scores: list[float] = []
    lines: list[int] = []
    columns: dict[str, list[str]] = {"path": [], "split": []}
    directory = "imgListFiles_label/" if folder.names("imgListFiles_label") else ""
    present = folder.names(directory.rstrip("/"))
    found = {
        split: (f"{directory}{file}", images) for split, (file, images) in _AADB_FOLDERS.items() if file in present
    }
    if not found:
        find_label(folder, *(file for file, _ in _AADB_FOLDERS.values()))
    for split, (file, images) in found.items():
        table = read_csv(folder.read(file), file, header=("name", "score"), sep="space")
        part = table.names("name")
        scores += table.numbers("score", (0, 1)).tolist()
        names += part
        lines += table.lines
        columns["path"] += image_paths(folder, images, part)
        columns["split"] += [split] * len(part)
    records, warnings = scored_records(LabelTable("AADB", {}, lines), {**columns, "score": scores})
    return Labels(records, warnings=warnings)


def _read_tad66k(folder: Folder, options: Options) -> Labels:  # noqa: ARG001
    directory = "labels/merge" if folder.names("labels/merge") else ""
    found = [split for split in ("train", "test") if f"{split}.csv" in folder.names(directory)]
    if not found:
        find_label(folder, "labels/merge/train.csv", "labels/merge/test.csv")
    columns: dict[str, list[Any]] = {"path": [], "score": [], "split": []}
    lines: list[int] = []
    images = image_folder(folder, "images", "TAD66K")
    for split in found:
        file = f"{directory}/{split}.csv" if directory else f"{split}.csv"
        table = read_csv(folder.read(file), file)
        table.require("image", "score")
        columns["path"] += image_paths(folder, images, table.names("image"))
        columns["score"] += table.numbers("score", (0, 10)).tolist()
        columns["split"] += [split] * len(table)
        lines += table.lines
    records, warnings = scored_records(LabelTable("train.csv and test.csv", {}, lines), columns)
    return Labels(records, warnings=warnings)


AESTHETICS = (
    Dataset(
        name="ava",
        title="AVA",
        kind="aesthetics",
        size=255_530,
        licence="images belong to their photographers (dpchallenge.com); research use",
        homepage="https://github.com/imfing/ava_downloader",
        tree="""\
AVA.txt                     index id c1 .. c10 tag1 tag2 challenge (no header, 15 columns)
images/{id}.jpg             255510 images
aesthetics_image_lists/generic_test.jpgl    ids of the test set (optional)""",
        read=_read_ava,
        score_range=(1, 10),
        splits={"train": None, "test": None},
    ),
    Dataset(
        name="aadb",
        title="AADB",
        kind="aesthetics",
        size=9958,
        licence="research use",
        homepage="https://github.com/aimerykong/deepImageAestheticsAnalysis",
        tree="""\
imgListTrainRegression_score.txt, imgListValidationRegression_score.txt, imgListTestNewRegression_score.txt
                            name score (no header; in the root or in imgListFiles_label/)
datasetImages_originalSize/ images of training and validation
AADB_newtest_originalSize/  images of the test set""",
        read=_read_aadb,
        score_range=(0, 1),
        observed_range=(0, 1),
        splits={"train": 8458, "validation": 500, "test": 1000},
    ),
    Dataset(
        name="tad66k",
        title="TAD66k",
        kind="aesthetics",
        size=66_327,
        licence="research use",
        homepage="https://github.com/woshidandan/TANet-image-aesthetics-and-quality-assessment",
        tree="""\
labels/merge/train.csv, labels/merge/test.csv    image,score
images/                     all images in one folder""",
        read=_read_tad66k,
        score_range=(0, 10),
        observed_range=(1.13, 9.46),
        splits={"train": 52_248, "test": 14_079},
    ),
    SAC,
    COYO,
)

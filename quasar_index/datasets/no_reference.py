"""No-reference quality data: photographs with the distortions they came with, and mean opinion scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DataError, counted
from .declare import Dataset, Labels, find_label, image_folder, image_paths, scored_records, travelling
from .delimited import DelimitedLabels
from .files import Folder
from .matlab import cell_text, read_mat
from .spec import Options
from .tables import LabelTable
from .text_tables import read_csv
from .workbooks import read_workbook

_KONIQ_SCORES = ("koniq10k_scores_and_distributions.csv", "koniq10k_scores.csv")
_KONIQ_SETS = "koniq10k_distributions_sets.csv"
_KONIQ_RANGES = {"mos": (1.0, 5.0), "zscore": (0.0, 100.0)}
_N_TRAINING_LIVEC = 7


def _read_koniq10k(folder: Folder, options: Options) -> Labels:
    """Read either layout, or both: the site's has two scales and no sets, GitHub's has sets and the z-scores."""
    scale = options.text("scale")
    if scale not in (None, *_KONIQ_RANGES):
        raise DataError(f"option scale={scale} is unknown", "mos (1-5) or zscore (0-100)")
    present = folder.names()
    scores_file = next((file for file in _KONIQ_SCORES if file in present), None)
    sets = _read_koniq_sets(folder) if _KONIQ_SETS in present else None
    if options.text("split") is not None and sets is None:
        raise DataError(f"{folder.root} has no {_KONIQ_SETS}: the official split is only there")
    if scores_file is not None:
        table = read_csv(folder.read(scores_file), scores_file)
        table.require("image_name", "MOS", "MOS_zscore")
        scale = scale or "mos"
        scores = table.numbers("MOS" if scale == "mos" else "MOS_zscore", _KONIQ_RANGES[scale])
    else:
        find_label(folder, _KONIQ_SCORES[0], _KONIQ_SETS)
        table = sets = sets or _read_koniq_sets(folder)
        scale = scale or "zscore"
        scores = _koniq_scores_of_sets(sets, scale)
    warnings: list[str] = []
    _check_koniq_scale(table.file, scores, scale)
    names = table.names("image_name")
    columns: dict[str, Any] = {
        "path": image_paths(folder, image_folder(folder, "1024x768", "512x384"), names),
        "score": scores,
        **travelling(table, "image_name", "set"),
    }
    if sets is not None:
        by_name = dict(zip(sets.names("image_name"), sets.text("set"), strict=True))
        columns["split"] = [by_name.get(name) for name in names]
        unknown = sum(split is None for split in columns["split"])
        if unknown:
            warnings.append(
                f"KonIQ-10k: {unknown} of {counted(len(names), 'image')} {'is' if unknown == 1 else 'are'} in "
                f"no set of {_KONIQ_SETS}"
            )
    records, repeated = scored_records(table, columns)
    return Labels(records, score_range=_KONIQ_RANGES[scale], warnings=(*warnings, *repeated))


def _read_koniq_sets(folder: Folder) -> LabelTable:
    sets = read_csv(folder.read(_KONIQ_SETS), _KONIQ_SETS)
    sets.require("image_name", "MOS", "set")
    return sets


def _koniq_scores_of_sets(sets: LabelTable, scale: str) -> Any:
    if scale == "zscore":
        return sets.numbers("MOS", _KONIQ_RANGES["zscore"])
    grades = [f"c{grade}" for grade in range(1, 6)]
    sets.require(*grades)
    shares = np.stack([sets.numbers(grade, what="share of ratings") for grade in grades], axis=1)
    return shares @ np.arange(1, 6) / shares.sum(axis=1)


def _check_koniq_scale(file: str, scores: Any, scale: str) -> None:
    """Refuse z-scores (0-100) that are plainly MOS (1-5): the two are mixed up often."""
    if scale == "zscore" and len(scores) and scores.max() <= _KONIQ_RANGES["mos"][1]:
        raise DataError(
            f"{file}: the z-scores end at {scores.max():g}, so they are MOS from 1 to 5; expected 3.91 to 88.39",
            "use the authors' own file",
        )


def _read_live_wild(folder: Folder, options: Options) -> Labels:  # noqa: ARG001
    names = cell_text(read_mat(folder, "Data/AllImages_release.mat", "AllImages_release")["AllImages_release"])
    columns: dict[str, Any] = {}
    for column, variable in (("score", "AllMOS_release"), ("score_std", "AllStdDev_release")):
        values = np.asarray(read_mat(folder, f"Data/{variable}.mat", variable)[variable], dtype=np.float64)
        columns[column] = values.ravel()
        if len(columns[column]) != len(names):
            raise DataError(
                f"Data/{variable}.mat has {counted(len(columns[column]), 'value')}, AllImages_release.mat has "
                f"{counted(len(names), 'name')}"
            )
    columns["path"] = [
        folder.resolve(f"Images/trainingImages/{name}" if row < _N_TRAINING_LIVEC else f"Images/{name}")
        for row, name in enumerate(names)
    ]
    columns["split"] = ["train" if row < _N_TRAINING_LIVEC else "test" for row in range(len(names))]
    table = LabelTable("Data/AllMOS_release.mat", columns, range(1, len(names) + 1), "entry")
    table.numbers("score", (0, 100))
    records, warnings = scored_records(table, columns)
    return Labels(records, warnings=warnings)


def _read_spaq(folder: Folder, options: Options) -> Labels:  # noqa: ARG001
    name = "MOS and Image attribute scores"
    file = find_label(folder, f"Annotations/{name}.xlsx", f"{name}.xlsx", f"Annotations/{name}.csv", f"{name}.csv")
    content = folder.read(file)
    table = read_csv(content, file) if file.endswith(".csv") else read_workbook(content, file)
    attributes = ("Brightness", "Colorfulness", "Contrast", "Noisiness", "Sharpness")
    table.require("Image name", "MOS", *attributes)
    columns = {
        "path": image_paths(folder, image_folder(folder, "TestImage"), table.names("Image name")),
        "score": table.numbers("MOS", (0, 100)),
        **{attribute.lower(): table.typed(attribute) for attribute in attributes},
    }
    records, warnings = scored_records(table, columns)
    return Labels(records, warnings=warnings)


def _read_flive(folder: Folder, options: Options) -> Labels:
    what = options.text("labels", "image")
    if what not in ("image", "patch"):
        raise DataError(f"option labels={what} is unknown", "image or patch")
    file = f"labels_{what}.csv"
    reader = DelimitedLabels(labels=(file,), images=("database",), image="name", score="mos", bounds=(0, 100))
    labels = reader(folder, options)
    records, warnings = labels.records, labels.warnings
    expected = 39_810 if what == "image" else 119_430
    # the official sets are lists of whole images in files of their own
    test = next((name for name in ("labels>640.csv", "labels640.csv") if name in folder.names()), None)
    if test is None or what == "patch":
        if options.text("split") is not None:
            raise DataError(
                "FLIVE's test set needs labels>640.csv and ?labels=image", "it is part of the PaQ-2-PiQ repository"
            )
        return Labels(records, expected=expected, warnings=warnings)
    listed = read_csv(folder.read(test), test)
    listed.require("name_image")
    held_out = {name.replace("\\", "/") for name in listed.names("name_image")}
    names = reader.table(folder).names("name")
    splits = dict(
        zip(image_paths(folder, "database", names), ["test" if n in held_out else "train" for n in names], strict=True)
    )
    index = records.schema.get_field_index("split")
    split_column = [splits.get(path) for path in records.column("path").to_pylist()]
    records = records.set_column(index, records.schema.field(index), [split_column])
    return Labels(records, expected=expected, warnings=warnings)


NO_REFERENCE = (
    Dataset(
        name="koniq10k",
        title="KonIQ-10k",
        kind="no-reference",
        size=10_073,
        licence="CC BY 4.0 for the scores; images under their Creative Commons licences (YFCC100m)",
        homepage="https://database.mmsp-kn.de/koniq-10k-database.html",
        tree="""\
koniq10k_scores_and_distributions.csv   image_name,c1..c5,c_total,MOS,SD,MOS_zscore   } one of them,
koniq10k_distributions_sets.csv         image_name,c1..c5,c_total,MOS,SD,set          } or both: sets are joined
1024x768/ or 512x384/                   10073 images""",
        read=_read_koniq10k,
        score_range=(1, 5),
        splits={"training": 7058, "validation": 1000, "test": 2015},
        options={"scale": "mos (1-5; default where the site's file is) or zscore (0-100; default with sets alone)"},
    ),
    Dataset(
        name="livewild",
        title="LIVE in the Wild",
        kind="no-reference",
        size=1169,
        licence="free for research, with citation",
        homepage="https://live.ece.utexas.edu/research/ChallengeDB/",
        tree="""\
Data/AllImages_release.mat, Data/AllMOS_release.mat, Data/AllStdDev_release.mat
Images/                     1162 images
Images/trainingImages/      the first 7""",
        read=_read_live_wild,
        score_range=(0, 100),
        observed_range=(3.42, 92.43),
        splits={"train": 7, "test": 1162},
        aliases=("liveitw", "livec", "clive", "livechallenge", "liveinthewild"),
    ),
    Dataset(
        name="spaq",
        title="SPAQ",
        kind="no-reference",
        size=11_125,
        licence="free for research, with citation",
        homepage="https://github.com/h4nwei/SPAQ",
        tree="""\
Annotations/MOS and Image attribute scores.xlsx
                            Image name, MOS, Brightness, Colorfulness, Contrast, Noisiness, Sharpness
TestImage/                  11125 images""",
        read=_read_spaq,
        score_range=(0, 100),
        observed_range=(2, 96),
    ),
    Dataset(
        name="flive",
        title="FLIVE (LIVE-FB, PaQ-2-PiQ)",
        kind="no-reference",
        size=39_810,
        licence="free for research, with citation",
        homepage="https://github.com/baidut/PaQ-2-PiQ",
        tree="""\
labels_image.csv            name,mos
labels_patch.csv            name,mos (with ?labels=patch)
labels>640.csv              name_image,... : the test set (optional)
database/                   images""",
        read=_read_flive,
        score_range=(0, 100),
        splits={"train": None, "test": None},
        options={"labels": "image (default) or patch"},
        aliases=("livefb", "paq2piq"),
    ),
)

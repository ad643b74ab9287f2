"""Full-reference data: pristine images and distorted versions of them, most with a score for each version."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import DataError, counted
from .declare import Dataset, Labels, find_label, image_folder, image_paths, scored_records
from .delimited import DelimitedLabels, described, reference_paths
from .distortions import (
    KADID_DISTORTIONS,
    KADID_SEVERITIES,
    TID2013_DISTORTIONS,
    TID2013_SEVERITIES,
    Severities,
    severity_of,
)
from .files import Folder, stem
from .matlab import cell_text, read_mat
from .pairs import PAIRS, Distortion, load_pairs
from .spec import Options
from .tables import LabelTable
from .text_tables import read_csv

_NUMBERED = re.compile(r"^(?P<reference>i\d+)_(?P<type>\d+)_(?P<level>\d+)$", re.IGNORECASE)
_PIPAL = re.compile(r"^(?P<reference>[A-Z]\d+)_(?P<type>\d+)_\d+$", re.IGNORECASE)
_CSIQ = re.compile(r"^(?P<reference>.+)\.(?P<type>[^.]+)\.(?P<level>\d+)\.png$", re.IGNORECASE)
_CSIQ_DISTORTIONS = {
    "awgn": "white-noise",
    "blur": "gaussian-blur",
    "contrast": "contrast-change",
    "fnoise": "pink-noise",
    "jpeg": "jpeg",
    "jpeg2000": "jpeg2000",
}
_LIVE_FOLDERS = (("jp2k", 227), ("jpeg", 233), ("wn", 174), ("gblur", 174), ("fastfading", 174))


def _numbered(name: str, types: tuple[str, ...], severities: Severities) -> Distortion:
    """Read `I01_05_3.bmp`; the case of the letter differs between the files of TID2013."""
    match = _NUMBERED.match(stem(name))
    if match is None or not 1 <= int(match["type"]) <= len(types):
        raise DataError(f"'{name}' is not a name of this data set", "such as I01_01_1, of reference, type and level")
    kind, level = types[int(match["type"]) - 1], int(match["level"])
    return Distortion(match["reference"].upper(), kind, level, severity_of(kind, level, severities))


def _read_tid2013(folder: Folder, options: Options) -> Labels:  # noqa: ARG001
    file = find_label(folder, "mos_with_names.txt")
    table = read_csv(folder.read(file), file, header=("mos", "name"), sep="space")
    names = table.names("name")
    columns: dict[str, Any] = {
        "path": image_paths(folder, image_folder(folder, "distorted_images"), names),
        "score": table.numbers("mos", (0, 9)),
        **described(names, lambda name: _numbered(name, TID2013_DISTORTIONS, TID2013_SEVERITIES)),
    }
    if "mos_std.txt" in folder.names():
        spread = read_csv(folder.read("mos_std.txt"), "mos_std.txt", header=("std",), sep="space")
        if len(spread) != len(table):
            raise DataError(f"mos_std.txt has {counted(len(spread), 'line')}, {file} has {len(table)}")
        columns["score_std"] = spread.numbers("std", what="standard deviation")
    references = reference_paths(folder, ("reference_images",), columns["reference"], ".bmp")
    records, warnings = scored_records(table, columns, references=references)
    return Labels(records, warnings=warnings)


def _read_kadis700k(folder: Folder, options: Options) -> Labels:  # noqa: ARG001
    pair = PAIRS[1]
    missing = [name for name in pair if not folder.names(name)]
    if missing:
        raise DataError(
            f"{folder.root} has no images in {' and '.join(name + '/' for name in missing)}; found: "
            f"{', '.join(sorted(folder.names())[:12]) or 'nothing'}",
            "KADIS-700k comes with pristine images only; its own script makes dist_imgs/",
        )
    source = load_pairs(folder, pair, Options({}))
    warnings = list(source.warnings)
    if "kadis700k_ref_imgs.csv" in folder.names():
        file = "kadis700k_ref_imgs.csv"
        table = read_csv(folder.read(file), file)
        table.require("ref_im", "dist_type_1")
        listed = {stem(name) for name in table.names("ref_im")}
        present = set(source.records.filter(_is_good(source)).column("reference").to_pylist())
        if listed != present:
            warnings.append(
                f"{file} lists {counted(len(listed), 'reference image')}, {len(present)} are in {pair[0]}/, "
                f"{len(listed & present)} in both"
            )
    return Labels(
        source.records,
        score_range=source.score_range,
        division=source.division,
        lower_is_better=source.lower_is_better,
        rating=source.rating,
        by_person=source.by_person,
        warnings=tuple(warnings),
    )


def _is_good(source: Any) -> Any:
    import pyarrow.compute as pc

    return pc.equal(source.records.column("side"), "good")


def _pipal_name(name: str) -> Distortion:
    match = _PIPAL.match(stem(name))
    if match is None:
        raise DataError(f"'{name}' is not a name of PIPAL", "such as A0001_00_05.bmp")
    # seven groups of distortions; the last number counts within a group and is no strength
    return Distortion(match["reference"], f"group-{match['type']}", None)


def _read_pipal(folder: Folder, options: Options) -> Labels:  # noqa: ARG001
    files = sorted(name for name in folder.names("Train_Label") if name.lower().endswith(".txt"))
    if not files:
        find_label(folder, "Train_Label/*.txt")
    names: list[str] = []
    scores: list[str] = []
    lines: list[int] = []
    for name in files:
        part = read_csv(folder.read(f"Train_Label/{name}"), f"Train_Label/{name}", header=("name", "score"))
        part.numbers("score")  # an error here names the file and its line
        names += part.names("name")
        scores += part.text("score")
        lines += part.lines
    table = LabelTable("Train_Label", {"name": names, "score": scores}, lines)
    merged = image_folder(folder, "Train_Dist")
    parts = sorted(name for name in folder.names() if name.startswith("Distortion_"))
    if parts and not folder.names(merged):
        inside = {image: part for part in parts for image in folder.names(part)}
        paths = [folder.path(f"{inside.get(name, merged)}/{name}") for name in names]
    else:
        paths = image_paths(folder, merged, names)
    columns = {"path": paths, "score": table.numbers("score"), **described(names, _pipal_name)}
    references = reference_paths(folder, ("Train_Ref",), columns["reference"], ".bmp")
    records, warnings = scored_records(table, columns, references=references, split="train")
    return Labels(records, warnings=warnings)


def _read_pieapp(folder: Folder, options: Options) -> Labels:
    wanted = options.text("split")
    splits = [split for split in ("train", "val", "test") if split in folder.names("labels")]
    if not splits:
        find_label(folder, "labels/test")
    columns: dict[str, list[Any]] = {name: [] for name in ("path", "score", "reference", "split")}
    references: dict[str, str] = {}
    reference_split: list[str] = []
    for split in splits:
        if wanted in splits and split != wanted:
            continue
        list_file = find_label(folder, f"{split}_reference_list.txt")
        lines = read_csv(folder.read(list_file), list_file, header=("name",))
        for name in lines.names("name"):
            reference = stem(name.strip())
            references[reference] = folder.resolve(f"reference_images/{split}/{name.strip()}")
            reference_split.append(split)
            for image, score in _pieapp_images(folder, split, reference):
                columns["path"].append(folder.resolve(f"distorted_images/{split}/{reference}/{image}"))
                columns["score"].append(score)
                columns["reference"].append(reference)
                columns["split"].append(split)
    table = LabelTable("labels", {}, range(1, len(columns["path"]) + 1), "row")
    records, warnings = scored_records(table, columns, references=references, reference_splits=reference_split)
    scored = any(score is not None for score in columns["score"])
    return Labels(records, expected=None if scored else len(columns["path"]), warnings=warnings)


def _pieapp_images(folder: Folder, split: str, reference: str) -> list[tuple[str, float | None]]:
    """Return the distorted images of a reference; only the test set has a score for each."""
    kind, width = ("per_image_score", 3) if split == "test" else ("pairwise_labels", 4)
    file = find_label(folder, f"labels/{split}/{reference}_{kind}.csv")
    table = read_csv(folder.read(file), file)
    columns = list(table.columns)  # their names have blanks and differ: the published order counts
    if len(columns) < width:
        raise DataError(
            f"{file} has {len(columns)} columns ({', '.join(columns)}), expected "
            + ("reference, distorted image, score" if width == 3 else "reference, image A, image B, preference")
        )
    if split == "test":
        images = [name.strip() for name in table.names(columns[1])]
        return list(zip(images, table.numbers(columns[2]).tolist(), strict=True))
    both = [name.strip() for column in columns[1:3] for name in table.names(column)]
    # a reference may be one of the pair
    return [(name, None) for name in dict.fromkeys(both) if not name.startswith("ref_")]


def _read_live(folder: Folder, options: Options) -> Labels:
    realigned = options.text("labels", "original") == "realigned"
    if options.text("labels", "original") not in ("original", "realigned"):
        raise DataError(f"option labels={options.text('labels')} is unknown", "original or realigned")
    file, key = ("dmos_realigned.mat", "dmos_new") if realigned else ("dmos.mat", "dmos")
    values = read_mat(folder, file, key, "orgs")
    names = cell_text(read_mat(folder, "refnames_all.mat", "refnames_all")["refnames_all"])
    dmos = np.asarray(values[key], dtype=np.float64).ravel()
    is_original = np.asarray(values["orgs"]).ravel().astype(bool)
    total = sum(count for _, count in _LIVE_FOLDERS)
    if not len(dmos) == len(is_original) == len(names) == total:
        raise DataError(
            f"{file} has {counted(len(dmos), 'score')} and {counted(len(is_original), 'flag')}, "
            f"refnames_all.mat {counted(len(names), 'name')}; "
            f"{total} each are expected",
            "jp2k 227, jpeg 233, wn 174, gblur 174, fastfading 174",
        )
    images = [(kind, number) for kind, count in _LIVE_FOLDERS for number in range(1, count + 1)]
    rows = np.flatnonzero(~is_original)  # the originals stand among the distorted images, with a score of 0
    columns: dict[str, Any] = {
        "path": [folder.resolve(f"{images[row][0]}/img{images[row][1]}.bmp") for row in rows],
        "score": dmos[rows],
        "reference": [stem(names[row]) for row in rows],
        "distortion": [images[row][0] for row in rows],
    }
    table = LabelTable(file, {key: dmos[rows].tolist()}, [int(row) + 1 for row in rows], "entry")
    table.numbers(key)
    references = reference_paths(folder, ("refimgs",), columns["reference"], ".bmp")
    records, warnings = scored_records(table, columns, references=references)
    return Labels(records, warnings=warnings)


def _csiq_name(name: str) -> Distortion:
    match = _CSIQ.match(name)
    if match is None:
        raise DataError(f"'{name}' is not a name of CSIQ", "such as 1600.AWGN.1.png")
    kind = match["type"].lower()
    return Distortion(match["reference"], _CSIQ_DISTORTIONS.get(kind, kind), int(match["level"]))


def _read_csiq(folder: Folder, options: Options) -> Labels:  # noqa: ARG001
    file = find_label(folder, "csiq_label.txt")
    table = read_csv(folder.read(file), file, header=("name", "dmos"), sep="space")
    names = [name if name.lower().endswith(".png") else f"{name}.png" for name in table.names("name")]
    directory = image_folder(folder, "dst_imgs", "dst_imgs_all")
    sub_folders = {name.casefold(): name for name in folder.names(directory) if "." not in name}
    relative = []
    for name in names:
        kind = name.split(".")[-3].casefold() if name.count(".") >= 3 else ""
        # the archive has a folder for each type, many users keep all in one
        relative.append(f"{sub_folders[kind]}/{name}" if kind in sub_folders else name)
    columns = {
        "path": image_paths(folder, directory, relative),
        "score": table.numbers("dmos", (0, 1)),
        **described(names, _csiq_name),
    }
    references = reference_paths(folder, ("src_imgs",), columns["reference"], ".png")
    records, warnings = scored_records(table, columns, references=references)
    return Labels(records, warnings=warnings)


FULL_REFERENCE = (
    Dataset(
        name="kadis700k",
        title="KADIS-700k",
        kind="full-reference",
        size=700_000,
        licence="Pixabay licence for the images; research use",
        homepage="https://database.mmsp-kn.de/kadid-10k-database.html",
        tree="""\
ref_imgs/                   140000 pristine images
dist_imgs/                  700000 images {stem}_{type:02d}_{level:02d}.bmp
kadis700k_ref_imgs.csv      ref_im,dist_type_1,... (optional)""",
        read=_read_kadis700k,
        division="reference",
    ),
    Dataset(
        name="pipal",
        title="PIPAL",
        kind="full-reference",
        size=23_200,
        licence="research use, by registration",
        homepage="https://github.com/HaomingCai/PIPAL-dataset",
        tree="""\
Train_Label/*.txt           A0001_00_00.bmp,1520.0648 (no header)
Train_Ref/                  200 images A0001.bmp
Train_Dist/                 23200 images A0001_00_00.bmp (or the archives' Distortion_1/ .. Distortion_4/)""",
        read=_read_pipal,
        observed_range=(916.7, 1836.0),
        splits={"train": 23_200},
    ),
    Dataset(
        name="tid2013",
        title="TID2013",
        kind="full-reference",
        size=3000,
        licence="free for research, with citation",
        homepage="https://www.ponomarenko.info/tid2013.htm",
        tree="""\
mos_with_names.txt          MOS name (no header, a blank between)
mos_std.txt                 standard deviations, line by line (optional)
reference_images/           25 images I01.BMP, i25.bmp, ...
distorted_images/           3000 images i01_01_1.bmp, ...""",
        read=_read_tid2013,
        score_range=(0, 9),
        observed_range=(0.242, 7.214),
    ),
    Dataset(
        name="kadid10k",
        title="KADID-10k",
        kind="full-reference",
        size=10_125,
        licence="Pixabay licence for the images; research use",
        homepage="https://database.mmsp-kn.de/kadid-10k-database.html",
        tree="""\
dmos.csv                    dist_img,ref_img,dmos,var (higher is better although called dmos)
images/                     81 references I01.png and 10125 distorted I01_01_01.png""",
        read=DelimitedLabels(
            labels=("dmos.csv",),
            images=("images",),
            image="dist_img",
            score="dmos",
            bounds=(1, 5),
            describe=lambda name: _numbered(name, KADID_DISTORTIONS, KADID_SEVERITIES),
            references=("images",),
            reference_ending=".png",
        ),
        score_range=(1, 5),
        observed_range=(1.0, 4.93),
    ),
    Dataset(
        name="pieapp",
        title="PieAPP",
        kind="full-reference",
        size=600,
        licence="non-commercial research use",
        homepage="http://civc.ucsb.edu/graphics/Papers/SIGGRAPH2018_PieAPP/",
        tree="""\
{train,val,test}_reference_list.txt
labels/{train,val,test}/    ref_N_pairwise_labels.csv; test also ref_N_per_image_score.csv (reference, image, score)
reference_images/{train,val,test}/ref_N.png
distorted_images/{train,val,test}/ref_N/""",
        read=_read_pieapp,
        lower_is_better=True,
        division="reference",
        splits={"train": None, "val": None, "test": 600},
    ),
    Dataset(
        name="live",
        title="LIVE R2",
        kind="full-reference",
        size=779,
        licence="free for research, with citation",
        homepage="https://live.ece.utexas.edu/research/quality/subjective.htm",
        tree="""\
dmos.mat                    dmos, orgs (982 entries, 203 of them originals)
refnames_all.mat            refnames_all
dmos_realigned.mat          dmos_new, orgs (with ?labels=realigned)
refimgs/                    29 references
jp2k/ jpeg/ wn/ gblur/ fastfading/   227, 233, 174, 174, 174 images img1.bmp, ...""",
        read=_read_live,
        observed_range=(-2.64, 111.8),
        lower_is_better=True,
        options={"labels": "original (dmos.mat, default) or realigned (dmos_realigned.mat)"},
        aliases=("liver2", "liveiqa"),
    ),
    Dataset(
        name="csiq",
        title="CSIQ",
        kind="full-reference",
        size=866,
        licence="free for research, with citation",
        homepage="https://s2.smu.edu/~eclarson/csiq.html",
        tree="""\
csiq_label.txt              name dmos (no header)
src_imgs/                   30 references 1600.png, ...
dst_imgs/                   866 images 1600.AWGN.1.png, ... (in one folder, or a folder a type)""",
        read=_read_csiq,
        score_range=(0, 1),
        observed_range=(0, 1),
        lower_is_better=True,
    ),
)

"""`build --patches`: pristine images that are cut into patches, or patches that are cut already."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated

import typer

import quasar_index as qi

from . import options
from .data import note_warnings
from .files import expand
from .idle import Idle
from .progress import progress_bar

_PANEL = "Data"
PatchesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--patches",
        metavar="PRISTINE",
        help="Undistorted photographs instead of --data, repeatable: files, folders, globs. Their sharp and colourful "
        "patches are the anchors, for --method patches. Or .hdf5 files of patches.",
        rich_help_panel=_PANEL,
    ),
]

MoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--patches",
        metavar="PRISTINE",
        help="Further undistorted photographs for an index of patches, cut as its others are; repeatable.",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True)
class Cutting:
    """How --patches are cut and chosen."""

    ready_cut: Annotated[
        bool,
        typer.Option("--ready-cut", help="--patches are patches already: squares of one size.", rich_help_panel=_PANEL),
    ] = False
    patch_size: Annotated[int, typer.Option(min=8, help="Pixels a side of --patches.", rich_help_panel=_PANEL)] = 96
    sharpness: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.999,
            help="Part of an image's largest sharpness that they exceed.",
            rich_help_panel=_PANEL,
        ),
    ] = 0.75
    colourfulness: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.999,
            help="Part of the largest colourfulness of its sharp ones that they exceed.",
            rich_help_panel=_PANEL,
        ),
    ] = 0.80


CUTTING = tuple(one.name for one in fields(Cutting))
IDLE = (
    Idle(CUTTING, lambda given: not given["patches"], "it is for --patches"),
    Idle(
        CUTTING[1:],
        lambda given: given["ready_cut"] or _are_cut(given["patches"]),
        "--ready-cut patches, and those of HDF5 files, are taken as they are",
    ),
    Idle((*options.LABELLING, "threshold"), lambda given: given["patches"], "--patches have no labels"),
)
"""Of the command that cuts; of one that adds, the last alone."""


def read_patches(names: list[str], cutting: Cutting, embedding: options.Embedding) -> qi.AnchorSource:
    """Find the images, cut and choose their patches, and say on stderr which gave none."""
    paths = expand(names).paths
    if not cutting.ready_cut and not _are_cut(paths) and any(_are_cut([one]) for one in paths):
        raise typer.BadParameter("an HDF5 file holds patches that are cut: name it alone, or give --ready-cut")
    if cutting.ready_cut or _are_cut(paths):
        return qi.datasets.ready_patches(paths)
    rule = qi.images.PatchRule(cutting.patch_size, cutting.sharpness, cutting.colourfulness)
    with progress_bar("choosing patches") as on_progress:
        source = qi.datasets.choose_pristine_patches(
            paths, rule, n_workers=embedding.threads, max_pixels=embedding.max_pixels, on_progress=on_progress
        )
    note_warnings([source])
    return source


def _are_cut(names: list[str] | None) -> bool:
    """Tell by their endings whether all of some files hold patches."""
    return bool(names) and all(one.lower().endswith((".hdf5", ".h5")) for one in names or ())


def more_patches(names: list[str], index: qi.AnchorIndex, embedding: options.Embedding) -> qi.AnchorSource:
    """Read further patches, cut and chosen as those that an index holds.

    Raises:
        AnchorIndexError: When it holds none.
    """
    held = [source for source in index.manifest.sources if source.patches is not None]
    if not held:
        raise qi.AnchorIndexError(
            f"index '{index.name}' holds whole images", "leave out --patches, or build an index of patches"
        )
    made = held[0].patches
    assert made is not None  # noqa: S101 - for the type checker
    if made.sharpness is None or made.colourfulness is None:
        cutting = Cutting(ready_cut=True)
    else:
        cutting = Cutting(False, made.size, made.sharpness, made.colourfulness)
    return replace(read_patches(names, cutting, embedding), name=held[0].name)

"""Which members of an archive of published embeddings belong together: a tensor, its list, the labels, the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..datasets.published import PublishedSet, parse_file_name, plain_name
from ..datasets.published_files import LABELS, PublishedFile, choose_published, published_set
from ..errors import DataError
from .archive import Member


@dataclass(frozen=True)
class Choice:
    """What is taken of an archive.

    Attributes:
        file: The embeddings, where they lie when the members are unpacked.
        members: What is to be unpacked for them.
        others: Our names of the other towers that the archive has embeddings by.
    """

    file: PublishedFile
    members: tuple[Member, ...]
    others: tuple[str, ...]


def choose(
    archive: Path, members: Sequence[Member], folder: Path, *, declared: PublishedSet | None, encoder: str | None
) -> Choice:
    """Choose the embeddings of one tower.

    Args:
        archive: The archive.
        members: What it has (see `list_archive`).
        folder: Where they are to be unpacked.
        declared: The set; None to tell it by the names.
        encoder: Our name of the tower, or the authors'; None for that of the paper's task, else the first one.

    Raises:
        DataError: When it has none, those of several sets, none of that tower, or a tensor without its list.
    """
    by_name = {member.name: member for member in members}
    found: list[PublishedFile] = []
    lonely: list[str] = []
    for member in members:
        tensor = Path(member.name)
        parsed = parse_file_name(tensor.stem) if tensor.suffix == ".pt" else None
        if parsed is None:
            continue
        tag, tower = parsed
        names = [plain_name(name) for name in (member.folder, archive.stem)]
        one = declared or published_set(plain_name(tag), names)
        if one is None:
            continue
        if tensor.with_suffix(".json").name not in by_name:
            lonely.append(member.name)
            continue
        labels = folder / LABELS if LABELS in by_name else None
        found.append(PublishedFile(one, tower, folder / tensor, folder / tensor.with_suffix(".json"), labels))
    if not found:
        have = ", ".join(repr(member.name) for member in members[:4]) or "nothing of them"
        raise DataError(
            f"'{archive}' has {lonely[0]!r} without its list of paths (.json)"
            if lonely
            else f"'{archive}' holds neither an index nor published embeddings; it has {have}",
            "a zip as the authors release it (pipal_clip_RN50_openai_False.pt, and .json), or a bundle of 'push'",
        )
    if len(sets := dict.fromkeys(one.declared.name for one in found)) > 1:
        raise DataError(
            f"'{archive}' holds those of several sets: {', '.join(sets)}", "unzip it, and give the folder of one"
        )
    chosen = choose_published(found, encoder, archive)
    wanted = {chosen.tensor.name, chosen.listing.name, f"{chosen.tensor.stem}.yml", LABELS}
    others = tuple(dict.fromkeys(one.tower.encoder for one in found if one.tower != chosen.tower))
    return Choice(chosen, tuple(member for member in members if member.name in wanted), others)

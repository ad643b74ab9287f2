"""Published embeddings in place of images: which of them stand in for what an experiment needs.

Where they were made in another setting than the paper's (at 224 px, by another tower), the experiment says so, and has
no published figure beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..datasets.published import PUBLISHED, find_tower, input_words
from ..datasets.published_files import PublishedFile, find_published_files
from ..datasets.registry import DATASETS
from ..encoders import ENCODERS
from ..paths import PathText
from .data import Need
from .declare import Experiment, PublishedFigure
from .experiments import needs_of

STAND_INS = {"clip-vit-l-14": "clip-vit-l-14-laion2b"}
"""Towers of the paper whose embeddings are not published, and those that are nearest to them."""
OTHER_SETTING = PublishedFigure(None, "the paper's figure is of another setting")


@dataclass(frozen=True)
class Shelf:
    """The published embeddings below a folder.

    Attributes:
        folder: The folder; None where there is none.
        files: What lies there.
    """

    folder: Path | None = None
    files: tuple[PublishedFile, ...] = ()

    @classmethod
    def open(cls, folder: PathText) -> Shelf:
        """Look what lies below a folder; errors as `find_published_files`."""
        return cls(Path(folder), tuple(find_published_files(folder)))

    def find(self, need: Need) -> PublishedFile | None:
        """Return the embeddings of a need, made by its encoder and input rule."""
        return self._find(need, input_of(need.encoder, need.input))

    def find_near(self, need: Need) -> PublishedFile | None:
        """Return those of a need by its encoder, and by another input rule where there are no others."""
        return self.find(need) or self._find(need, None)

    def _find(self, need: Need, rule: str | None) -> PublishedFile | None:
        mine = (one for one in self.files if (one.declared.dataset, one.tower.encoder) == (need.dataset, need.encoder))
        return next((one for one in mine if rule in (None, one.input)), None)

    def commands(self, need: Need) -> list[str]:
        """Say how to get embeddings that meet a need, or come near to it; and what lies here as it was downloaded."""
        tower = find_tower(need.encoder)
        if tower is None:
            tower = find_tower(STAND_INS.get(need.encoder, ""))
        if tower is None:
            return []
        sets = [one for one in PUBLISHED.values() if one.dataset == need.dataset]
        exact = [one for one in sets if one.input_of(tower) == input_of(need.encoder, need.input)]
        there = {one.declared.name for one in self.files if one.tower == tower}
        lines = []
        for one in (one for one in exact or sets if one.name not in there):
            zips = sorted(self.folder.rglob(f"{one.name}.zip")) if self.folder else []
            lines += [f"quasar-index pull {source} --raw {self.folder or 'DIR'}" for source in (*zips, one.source)][:1]
        return lines


def input_of(encoder: str, rule: str | None) -> str | None:
    """Return an input rule: as given, else the default of a registered encoder; None where it is not known."""
    return rule or (ENCODERS[encoder].input if encoder in ENCODERS else None)


def adapted(one: Experiment, shelf: Shelf, is_there: Callable[[Need], bool], *, keeps_input: bool) -> Experiment:
    """Return an experiment as published embeddings allow it, where its own inputs are not there.

    Args:
        one: The experiment as declared.
        shelf: Published embeddings.
        is_there: Whether a need is met as it is.
        keeps_input: Whether the input rules of test images are what the protocol varies, so that no other will do.

    Returns:
        The experiment with the encoder and input rules that there are, flagged; as it was where nothing stands in.
    """
    if one.replaces and any(map(shelf.find_near, needs_of(one))):
        one = replace(one, published=OTHER_SETTING)  # another encoder than the paper's, as the user asked for
    if not shelf.files or all(map(is_there, needs_of(one))):
        return one
    tried = [_by(one, one.encoder, shelf, is_there, keeps_input=keeps_input)]
    if one.encoder in STAND_INS and one.x != one.encoder:  # else the towers are what the protocol varies
        tried.append(_by(one, STAND_INS[one.encoder], shelf, is_there, keeps_input=keeps_input))
    return max(tried, key=lambda new: sum(map(is_there, needs_of(new))))  # the first of equal ones


def _by(
    one: Experiment, encoder: str, shelf: Shelf, is_there: Callable[[Need], bool], *, keeps_input: bool
) -> Experiment:
    """Return an experiment with the published embeddings by an encoder; a need that they do not meet stays."""
    stands_in = encoder != one.encoder
    new = replace(one, encoder=encoder, replaces=one.replaces or one.encoder) if stands_in else one
    changed = []
    for need in needs_of(new):
        file = None if keeps_input and need.role == "test" else shelf.find_near(need)
        if file is None or is_there(need):
            continue
        if need.input is not None:  # else an encoder's own rule, which is none of the paper's
            changed.append(
                f"not the paper's setting: {DATASETS[need.dataset].title} at {input_words(file.input)} "
                f"in place of {input_words(need.input)}"
            )
        new = replace(new, test_input=file.input) if need.role == "test" else replace(new, anchor_input=file.input)
    return replace(new, published=OTHER_SETTING, changed=(*one.changed, *changed)) if stands_in or changed else new

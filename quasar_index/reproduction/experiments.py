"""Which experiments of a protocol are asked for, and what each of them needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..arguments import checked
from ..datasets.sources import find_dataset
from ..encoders import ENCODERS
from ..errors import DataError
from ..methods.patches import Patches
from .data import Need
from .declare import PRISTINE, Experiment, PaperProtocol
from .grepq import LEVELS
from .protocols import PROTOCOLS

NAMING_ENCODERS = (" RN50*", " RN50", *LEVELS.values())
"""Ends of a series that name its encoder: series that differ by it alone become one with another encoder."""


@checked
def find_protocol(name: str) -> PaperProtocol:
    """Return a protocol by its name, in any case of its letters.

    Raises:
        DataError: When there is none.
    """
    if name.upper() not in PROTOCOLS:
        raise DataError(f"no protocol '{name}'", f"one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name.upper()]


@checked
def select_experiments(
    protocol: PaperProtocol, *, only: Sequence[str] = (), encoder: str | None = None
) -> tuple[Experiment, ...]:
    """Return the experiments of some test sets, with an encoder put in place of the paper's.

    Args:
        protocol: The protocol.
        only: Test data sets, by any of their names; empty for all.
        encoder: Another encoder, which takes its own default input rule unless that is what the protocol varies.
            Experiments that differ by their encoder alone become one.

    Raises:
        DataError: When a test set is unknown, or not the protocol's.
    """
    wanted = [find_dataset(name).name for name in only]
    tests = dict.fromkeys(one.test for one in protocol.experiments)
    for name in wanted:
        if name not in tests:
            raise DataError(f"{protocol.name} has no test set '{name}'", f"it has {', '.join(tests)}")
    chosen = [one for one in protocol.experiments if not wanted or one.test in wanted]
    if encoder is None:
        return tuple(chosen)
    distinct: dict[tuple[object, ...], Experiment] = {}
    for one in chosen:
        new = _substitute(one, encoder, keeps_input=protocol.keeps_input)
        key = (new.series, new.panel, new.test, new.anchors, new.x)
        known = distinct.get(key)
        # Of those that became one, the experiment as the paper has it stands, else one with a figure to compare with.
        if known is None or _rank(new) > _rank(known):
            distinct[key] = new
    return tuple(distinct.values())


def _substitute(one: Experiment, encoder: str, *, keeps_input: bool) -> Experiment:
    series = one.series
    for part in NAMING_ENCODERS:
        series = series.removesuffix(part)
    if one.encoder == encoder:
        return replace(one, series=series)
    new = replace(
        one,
        series=series,
        encoder=encoder,
        prompt_encoder=None,
        replaces=one.encoder,
        x=encoder if one.x == one.encoder else one.x,
    )
    return new if keeps_input else replace(new, anchor_input=None, test_input=None)


def _rank(one: Experiment) -> tuple[bool, bool]:
    return not one.replaces, one.published.value is not None


def encoders_of(experiments: Sequence[Experiment]) -> list[str]:
    """Return the names of the encoders that experiments need."""
    return list(dict.fromkeys(one.encoder for one in experiments))


def needs_of(one: Experiment) -> list[Need]:
    """Return the indexes of an experiment: the test images, then the anchors; none where patches are compared."""
    if one.anchors == PRISTINE:
        return []
    needs = [Need("test", one.test, one.split, one.encoder, one.test_input)]
    if one.anchors is not None:
        needs.append(Need("anchors", one.anchors, None, one.encoder, one.anchor_input))
    return needs


def impossible(one: Experiment) -> str:
    """Say why an experiment cannot be run with any data; empty where it can."""
    of_prompts = one.anchors is None and one.n_labels is None
    if not of_prompts and not (isinstance(one.method, Patches) and one.method.prompts):
        return ""
    name = one.prompt_encoder or one.encoder
    entry = ENCODERS.get(name)
    has_text = entry.text if entry is not None else not name.startswith("timm:")
    return "" if has_text else f"{name} has no text tower for prompts"

"""What `score` scores by: ratings of indexes, or a pair of prompts; and what stands against them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

import quasar_index as qi

from . import method_option as ways
from . import patch_scoring, score_inputs, scorings


def _scoring(
    index: qi.AnchorIndex,
    method: qi.Method,
    rating: str | None,
    chosen: dict[str, Any],
    batch_size: int,
    *,
    calibrated: bool,
) -> qi.methods.Scoring:
    """Make what scores by one rating of an index."""
    calibration = qi.read_calibration(index, method, rating=rating) if calibrated else None
    group = chosen["group"] or (calibration.column if calibration else None)
    table = index.anchors(**chosen | {"group": group}, rating=rating)
    scoring = ways.settle(method, table, seed=chosen["seed"])
    return qi.methods.Scoring(qi.Scorer(table, scoring, batch_size=batch_size), calibration)


def check_texts(index: Sequence[str] | None, *, embeddings: object, calibrated: bool) -> None:
    """Find out whether other options go with `--anchors text`.

    Raises:
        BadParameter: When they do not.
    """
    if embeddings is not None or calibrated or len(index or ()) > 1:
        raise typer.BadParameter("--anchors text is not for --embeddings, --calibrated or several --index")


def check_indexes(index: Sequence[str] | None, *, is_for_one: bool, calibrated: bool, is_part: bool) -> None:
    """Find out whether other options go with the indexes.

    Args:
        index: Their names.
        is_for_one: Whether an option is for a single one.
        calibrated: Whether opinion scores are wanted.
        is_part: Whether only some of the anchors are.

    Raises:
        BadParameter: When they do not.
    """
    if len(index or ()) > 1 and is_for_one:
        raise typer.BadParameter("--explain, --report and --version are for one --index: run it for each")
    if calibrated and is_part:
        raise typer.BadParameter("--calibrated is for all anchors of an index: drop --where and --ratio")


def by_indexes(
    indexes: Sequence[qi.AnchorIndex],
    specs: Sequence[qi.EncoderSpec],
    streams: Sequence[int],
    method: qi.Method,
    ratings: Sequence[str | None],
    chosen: dict[str, Any],
    batch_size: int,
    *,
    calibrated: bool,
    prompting: str | None,
) -> scorings.Plan:
    """Make what scores by each rating of each index."""
    names = scorings.names_of(indexes, ratings)
    made = [
        _scoring(one, method, rating, chosen, batch_size, calibrated=calibrated)
        for one in indexes
        for rating in ratings
    ]
    return scorings.Plan(scorings.named(made, names, streams), specs, indexes, prompting)


def streams(
    indexes: Sequence[qi.AnchorIndex],
    inputs: score_inputs.Inputs,
    encoder: str | None,
    place: dict[str, Any],
    prompting: str | None,
) -> tuple[list[int], list[qi.EncoderSpec]]:
    """Return for each index which embeddings it takes, and the encoders of those."""
    if inputs.embedded is None:
        for one in indexes:
            _check_encoder(one, encoder, patch_scoring.own_loading(place, one.manifest.encoder, prompting))
        return scorings.streams_of(one.manifest.encoder for one in indexes)
    for one in indexes:
        inputs.embedded.check(one.manifest.encoder, one.path.name)
    return [0] * len(indexes), [indexes[0].manifest.encoder]


def by_texts(
    method: qi.Method,
    encoder: str | None,
    index: str | None,
    pair: tuple[str, str],
    batch_size: int,
    run_options: dict[str, Any],
    *,
    keeps_temperature: bool,
) -> scorings.Plan:
    """Make what scores by a pair of prompts, with the encoder of that name, else with that of the index."""
    if not isinstance(method, qi.Mean) or method != qi.Mean(temperature=method.temperature):
        raise typer.BadParameter("two texts are compared as they are: --method may be mean:temperature=T alone")
    if encoder is None and index is not None:
        recorded = qi.AnchorIndex.open(index).manifest.encoder
        encoder = recorded.name
        run_options = run_options | {"weights": run_options["weights"] or recorded.weights or None}
    encoder = encoder or qi.DEFAULT_ENCODER
    qi.encoders.check_encoder(encoder, for_texts=True, weights=run_options["weights"], device=run_options["device"])
    loaded = qi.load_encoder(encoder, **run_options)
    table, own_temperature = qi.text_anchors(loaded, *pair)
    # Two texts span no space of images.
    method = qi.Mean(space="raw", temperature=method.temperature if keeps_temperature else own_temperature)
    scorer = qi.Scorer(table, method, loaded, batch_size=batch_size)
    return scorings.Plan([qi.methods.Scoring(scorer)], [loaded.spec])


def _check_encoder(index: qi.AnchorIndex, encoder: str | None, place: dict[str, Any]) -> None:
    """Find what is wrong with the encoder of an index, or with another one that the user named."""
    recorded = index.manifest.encoder
    if encoder is not None and encoder != recorded.name:
        raise qi.AnchorIndexError(
            f"index '{index.place}' holds {recorded.name} ({recorded.dim}-d) but --encoder is {encoder}",
            "drop --encoder or rebuild with 'quasar-index build'",
        )
    qi.encoders.check_recorded_encoder(recorded, **place)


def named_pair(name: str) -> tuple[str, str]:
    """Return the two prompts of a name."""
    if name not in qi.methods.PROMPT_PAIRS:
        raise typer.BadParameter(
            f"no prompts '{name}'; there are {', '.join(qi.methods.PROMPT_PAIRS)}, or give --prompt-pair"
        )
    return qi.methods.PROMPT_PAIRS[name]

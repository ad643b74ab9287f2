"""`quasar-index info`: what an index holds."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import quasar_index as qi
from quasar_index.encoders.spec import RULE_VERSION
from quasar_index.errors import AnchorIndexError, counted
from quasar_index.plugins import package_text
from quasar_index.sizes import size_text

from . import options
from .output import print_facts


def info(
    name: options.Index,
    where: options.Where = None,
    rating: options.Rating = None,
    version: options.IndexVersion = None,
    json: options.Json = False,
) -> None:
    """Show what an index holds and how it was built; with --where, how many anchors a condition selects.

    With --rating, also how that rating divides the anchors. Of a bundle, a file NAME.quasar, what it says of itself.
    """
    if name.lower().endswith(".quasar") and not Path(name).is_dir():
        if any(option is not None for option in (where, rating, version)):
            raise AnchorIndexError(
                f"'{name}' is a bundle: its anchors are not read",
                f"make an index of it: quasar-index pull {shlex.quote(name)}",
            )
        print_facts(bundle_facts(name, as_json=json), as_json=json)
        return
    index = qi.AnchorIndex.open(name, version)
    selected = {} if where is None else dict(zip(("good", "bad"), index.count(where), strict=True))
    if rating is not None:
        anchors = index.anchors(where=where, rating=rating)
        selected = {"good": anchors.n_good, "bad": anchors.n_bad}
    if json:
        facts: dict[str, Any] = {"path": index.place, **asdict(index.manifest)}
        if index.manifest.patch_size is None:
            facts["shrinkage"] = shrinkage_of(index)[0]
        came = qi.index.Provenance.of([index.path])
        facts |= {"origins": [asdict(one) for one in came.origins], "terms": [asdict(one) for one in came.terms]}
        print_facts({**facts, "selected": selected} if selected else facts, as_json=True)
        return
    facts = index_facts(index)
    if selected:
        by = "selected" if rating is None else f"by {rating}"
        facts[by] = f"{selected['good'] + selected['bad']}: {selected['good']} good, {selected['bad']} bad"
    print_facts(facts, as_json=False)


def bundle_facts(name: str, *, as_json: bool) -> dict[str, Any]:
    """Return the facts of a bundle, for a person or for a program."""
    bundle = qi.sharing.read_bundle(name)
    if as_json:
        return asdict(bundle) | {"path": name}
    private = "; paths and names of its data were left out" if bundle.private else ""
    return {
        "bundle": f"{name}, {size_text(bundle.n_bytes)}{private}",
        "name": bundle.name or "-",
        **manifest_facts(bundle.manifest),
        **_came_facts(bundle.origins, bundle.terms),
        "created": bundle.manifest.created,
    }


def index_facts(index: qi.AnchorIndex) -> dict[str, Any]:
    """Return the facts that a person wants to see of an index."""
    manifest = index.manifest
    facts: dict[str, Any] = {"index": index.place, **manifest_facts(manifest)}
    if manifest.patch_size is None:
        strength, reason = shrinkage_of(index)
        facts["space"] = f"whitened (shrinkage {strength:.3g}): {reason}"
    if manifest.approximate is not None:
        facts["search"] = approximation_words(manifest.approximate)
    return facts | provenance_facts(index) | {"created": manifest.created, "version": manifest.version}


def provenance_facts(index: qi.AnchorIndex) -> dict[str, str]:
    """Return where the anchors of an index come from, under which terms, and whom to cite, in words."""
    came = qi.index.Provenance.of([index.path])
    return _came_facts(came.origins, came.terms)


def _came_facts(origins: Sequence[qi.index.Origin], terms: Sequence[qi.index.Terms]) -> dict[str, str]:
    facts: dict[str, str] = {}
    if origins:
        facts["from"] = "\n".join(map(origin_words, origins))
    if terms:
        facts["terms"] = "\n".join(f"{one.of}: {one.licence}" for one in terms)
    if cited := list(dict.fromkeys(one.citation for one in terms if one.citation)):
        facts["cite"] = "\n".join(cited)
    return facts


def origin_words(origin: qi.index.Origin) -> str:
    """Return where anchors come from, in words."""
    where = f" ({origin.address})" if origin.address not in ("", origin.source) else ""
    parts = [f"{origin.source}{where}", origin.setting, f"pulled {origin.time[:10]}"]
    return ", ".join(part for part in parts if part)


def manifest_facts(manifest: qi.Manifest) -> dict[str, str]:
    """Return what the manifest of an index says to a person."""
    first, *further = manifest.embeddings
    tables = "" if len(manifest.shards) == 1 else f", in {len(manifest.shards)} tables"
    n = manifest.n_good + manifest.n_bad
    facts = {
        "anchors": f"{n:,}: {manifest.n_good:,} good, {manifest.n_bad:,} bad{tables}",
        "encoder": embedding_words(first),
        **{f"embedding {one.name}": embedding_words(one) for one in further},
    }
    version = first.encoder.rule_version
    if version < RULE_VERSION:
        facts["input rule"] = (
            f"{version}: colour profiles are not converted, a TIFF counts as its first page, deep pictures are scaled "
            f"by less; build again for rule {RULE_VERSION}"
        )
    if manifest.patch_size is not None:
        facts["anchors"] = f"{n:,} patches of pristine images, all good{tables}; score by --method patches"
    for source in manifest.sources:
        parts = [f"{source.kind}, {source.n_good} good, {source.n_bad} bad"]
        if source.patches is not None:
            parts = [str(source.patches)]
        elif source.threshold is None:
            is_referenced = source.kind == "full-reference"
            parts.append(
                "reference images are good, distorted ones bad" if is_referenced else "the sides are as labelled"
            )
        else:
            sign = "below" if source.lower_is_better else "above"
            whose = " of the index that it was selected from" if source.rating.kept else ""
            what = "opinion score" if source.rating.by_person else source.rating.name
            worst = (source.score_range or (None, None))[source.lower_is_better]
            # Where two scores divide themselves, the worse one need not be their median.
            which = f"the {'worst' if source.threshold == worst else 'median'} {what}"
            which = f"the given threshold of the {what}" if source.rating.threshold_is_given else which
            parts.append(f"good is {sign} {which}{whose}, {source.threshold:g}")
        parts += [words for rating in source.ratings[:1] if (words := rating_words(rating))]
        for rating in source.ratings[1:]:
            sign = "below" if rating.lower_is_better else "above"
            divided = "" if rating.threshold is None else f", good is {sign} {rating.threshold:g}"
            parts.append(f"also rated by {rating_words(rating) or rating.name}{divided}")
        parts += [f"{source.n_failed} failed"] if source.n_failed else []
        parts += [counted(source.n_duplicates, "duplicate")] if source.n_duplicates else []
        facts[f"data {source.name}"] = "; ".join(parts)
    if manifest.subset is not None:
        facts["selected by"] = subset_words(manifest.subset)
    return facts


def shrinkage_of(index: qi.AnchorIndex) -> tuple[float, str]:
    """Return the default shrinkage of the whitened space of all anchors, and why it is that.

    It is noted beside the search cache, so that only the first look at a version reads its anchors.
    """
    noted = qi.index.read_note(index, "shrinkage")
    if {name: type(value) for name, value in noted.items()} != _NOTED:
        anchors = index.anchors()
        chosen = qi.methods.rated_shrinkage(anchors)
        noted = {
            "value": qi.methods.UNRATED_SHRINKAGE if chosen is None else chosen,
            "is_chosen": chosen is not None,
            "n_rated": anchors.n_rated,
            "left_out": "one anchor" if anchors.groups is None else "all versions of an image",
        }
        qi.index.write_note(index, "shrinkage", noted)
    if not noted["n_rated"]:
        return noted["value"], "for anchors without ratings"
    if not noted["is_chosen"]:
        return noted["value"], "the ratings cannot choose it, or sides are not divided by them"
    rated = counted(noted["n_rated"], "anchor")
    return noted["value"], f"chosen by the ratings of {rated}, leaving out {noted['left_out']} at a time"


_NOTED = {"value": float, "is_chosen": bool, "n_rated": int, "left_out": str}


def embedding_words(embedding: qi.index.EmbeddingRecord) -> str:
    """Return what made an embedding, in words."""
    encoder = embedding.encoder
    plugin = package_text(encoder.plugin)
    parts = [encoder.name, f"{encoder.dim}-d", *([f"of the plugin {plugin}"] if plugin else [])]
    if encoder.input is not None:
        parts += [f"layers {encoder.layers}", f"input {encoder.input} (rule version {encoder.input.version})"]
        parts += [] if encoder.fingerprint else ["known by its name alone: nobody hashed its weights"]
    parts += [f"ran in {encoder.runtime}"] if encoder.runtime else []
    return ", ".join([*parts, *([f"kept as {embedding.dtype}"] if embedding.dtype != "float32" else [])])


def rating_words(rating: qi.index.RatingRecord) -> str:
    """Return the range of an opinion score and what it is, in words; empty where there are no scores."""
    if rating.score_range is None:
        return ""
    low, high = rating.score_range
    name = "scores" if rating.name == "score" else rating.name
    given = "" if rating.by_person else ", given by no person"
    return f"{name} {low:g} to {high:g}" + (", lower is better" if rating.lower_is_better else "") + given


def approximation_words(record: qi.index.Approximation) -> str:
    """Return how an index is searched approximately, and what was measured of it, in words."""
    searched = (
        f"{record.n_probe[0]} and {counted(record.n_probe[1], 'list')} a query, "
        f"{counted(record.n_ranked, 'candidate')} ranked exactly"
    )
    found = f"recall {record.recall:.3f} of the {record.top_k} nearest of a side, {record.recall_low:.3f} for 95% of "
    scores = f"SRCC {record.score_srcc:.3f} of retrieval scores with the exact ones"
    fast = f"{record.speedup:.1f} times as fast as exact search in a batch, {record.speedup_single:.1f} times for one "
    by = "" if record.rating is None else f" by {record.rating}"
    return (
        f"approximate{by} in the space {record.space}: {record.factory}, {searched}\n"
        f"{found}{counted(record.n_queries, 'query', 'queries')}; {scores}\n"
        f"{fast}query, on the machine that measured"
    )


def subset_words(subset: qi.index.Subset) -> str:
    """Return how the anchors of an index were selected, in words."""
    parts = [subset.label]
    parts += [f"in the {subset.space} space"] if subset.space != "raw" else []
    parts += [f"in {subset.stratify} strata"] if subset.stratify is not None else []
    chosen = f"{subset.n_good} of {subset.of_good} good and {subset.n_bad} of {counted(subset.of_bad, 'bad anchor')}"
    parts.append(f"{chosen} of {subset.index}, version {subset.version}")
    parts += [f"by {subset.rating}"] if subset.rating is not None else []
    parts += [f"where {subset.where}"] if subset.where is not None else []
    return "; ".join([*parts, *([subset.reason] if subset.reason else [])])

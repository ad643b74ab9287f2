"""The data card of an index on the hub: what it is, of which encoder, what its ratings mean, terms, how to use it."""

from __future__ import annotations

import json
import re

from ..encoders import ENCODERS
from ..errors import counted
from ..index import SourceRecord
from ..sizes import size_text
from .bundles import THE_INDEX, Bundle

MARK = "quasar-index push"
"""What the card of this function says of itself."""
_SPDX = re.compile(r"[A-Za-z0-9.+-]{1,64}")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def data_card(bundle: Bundle, address: str, title: str) -> str:
    """Write a data card, as the Hugging Face hub reads it: YAML, then Markdown.

    Args:
        bundle: What is described.
        address: What `quasar-index pull` takes.
        title: Heading.

    Returns:
        The text.
    """
    manifest = bundle.manifest
    n = len(bundle)
    licence = next((one.licence for one in bundle.terms if one.of == THE_INDEX), "")
    size = next((name for most, name in _SIZES if n < most), "1M<n<10M")
    head = {
        "license": licence.lower() if _SPDX.fullmatch(licence) else "other",
        "pretty_name": title,
        "tags": ["quasar-index", "image-quality-assessment", "image-aesthetics"],
        "size_categories": [size],
    }
    yaml = "\n".join(f"{name}: {json.dumps(value)}" for name, value in head.items())
    encoder = manifest.encoder
    entry = ENCODERS.get(encoder.name)
    images = "--embeddings FILE" if encoder.name == "precomputed" else "PHOTOS"
    rows = [
        ("anchors", f"{n:,}: {manifest.n_good:,} good, {manifest.n_bad:,} bad"),
        ("encoder", f"`{encoder.name}`, {encoder.dim}-d" + (f", input {encoder.input}" if encoder.input else "")),
    ]
    if entry is not None:
        rows.append(("its weights", f"{entry.source} ({entry.licence})"))
    if encoder.name == "precomputed":
        rows.append(("use", "it scores embeddings of the same encoder, no image files"))
    rows += [
        (f"embedding `{one.name}`", f"`{one.encoder.name}`, {one.encoder.dim}-d") for one in manifest.embeddings[1:]
    ]
    rows += [(f"data {_cell(source.name)}", _source_words(source)) for source in manifest.sources]
    if manifest.subset is not None:
        rows.append(("selected by", _cell(manifest.subset.label)))
    if bundle.private:
        rows.append(("left out", "paths, and all that tells where the files lie"))
    rows.append(("file", f"`{bundle.path.name}`, {size_text(bundle.n_bytes)}"))
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
    terms = "\n".join(
        f"- {_cell(one.of)}: {_cell(one.licence)}"
        + (f"; cite {_cell(one.citation)}" if one.citation else "")
        + (f"; {_cell(one.homepage)}" if one.homepage else "")
        for one in bundle.terms
    )
    return f"""---
{yaml}
---

# {_cell(title)}

An index of {counted(n, "rated anchor image", form=",")} for
[quasar-index](https://pypi.org/project/quasar-index/): it holds their embeddings and ratings, not the images. New
images are scored by the anchors that they are like, without training and without prompts (QUASAR).

{table}

## Use

```
pip install quasar-index
quasar-index pull {address} {title}
quasar-index score -i {title} {images}
```

## Terms

{terms or "None were given."}

*Written by `{MARK}`; without this line, later pushes leave the card as it is.*
"""


def _source_words(source: SourceRecord) -> str:
    parts = [source.kind, f"{source.n_good:,} good, {source.n_bad:,} bad"]
    for rating in source.ratings:
        if rating.score_range is not None:
            low, high = rating.score_range
            lower = ", lower is better" if rating.lower_is_better else ""
            whose = "" if rating.by_person else ", given by no person"
            parts.append(f"rated by {_cell(rating.name)}, {low:g} to {high:g}{lower}{whose}")
    return "; ".join(parts)


def _cell(text: str) -> str:
    """Return a text that is one line, ends no cell of a table, and holds no HTML."""
    line = " ".join(text.split())
    return re.sub(r"([|`*_<>\[\]\\])", r"\\\1", line)

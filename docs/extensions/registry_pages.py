"""Pages of what is registered: methods, selectors, encoders, data sets."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields

from page_text import code, contents, docstring, page, plain, prose, table

import quasar_index as qi
from quasar_index.notation import allowed, own_first, value_text

FACTS = ("name", "kind", "images", "scores", "better", "sides", "terms", "splits")
"""What a page says first of a data set."""


def method_pages() -> dict[str, str]:
    """Return a page for each method: when, formula and source, parameters with default and range."""
    pages = {f"methods/{name}": _method(name, kind) for name, kind in qi.METHODS.items()}
    rows = [(f"[`{name}`]({name}.md)", plain(kind.when)) for name, kind in qi.METHODS.items()]
    pages["methods/index"] = page(
        "Methods",
        "A method turns anchors into scores. `--method` names one and its parameters: `retrieval:top_k=8,space=raw`. "
        "How to choose one: [](../../../guides/methods.md).",
        table(("method", "when to choose it"), rows),
        contents(qi.METHODS),
    )
    return pages


def _method(name: str, kind: type[qi.Method]) -> str:
    rows = [
        (code(one.name), code(value_text(one.default)), prose(allowed(kind, one)), prose(str(one.metadata["words"])))
        for one in own_first(kind)
    ]
    return page(
        f"`{name}`",
        f"When to choose it: {plain(kind.when)}.",
        "## Formula and source",
        docstring(sys.modules[kind.__module__].__doc__),
        "## Parameters",
        table(("parameter", "default", "range", "what it is"), rows),
        f"```text\nquasar-index score holiday/ --index NAME --method {name}\n```",
        f"In Python: {{public}}`{kind.__name__}`.",
    )


def selector_pages() -> dict[str, str]:
    """Return a page for each selector."""
    pages = {}
    rows = []
    for name, kind in qi.SELECTORS.items():
        words = _attributes(kind)
        parameters = [
            (
                code(one.name),
                code(str(one.default)) if one.default is not MISSING else "",
                prose(words.get(one.name, "")),
            )
            for one in fields(kind)
        ]
        summary = (inspect.getdoc(kind) or "").split("\n\n")[0]
        rows.append((f"[`{name}`]({name}.md)", prose(" ".join(summary.split()))))
        pages[f"selectors/{name}"] = page(
            f"`{name}`",
            prose(" ".join(summary.split())),
            "## Formula and source",
            docstring(sys.modules[kind.__module__].__doc__),
            *(["## Parameters", table(("parameter", "default", "what it is"), parameters)] if parameters else []),
            f"```text\nquasar-index select NAME --selector {name} --size 500 --to NEW\n```",
            f"In Python: {{public}}`{kind.__name__}`.",
        )
    pages["selectors/index"] = page(
        "Selectors",
        "A selector chooses which anchors to keep. What they are for, and how they compare: "
        "[](../../../guides/selection.md).",
        table(("selector", "what it keeps"), rows),
        contents(qi.SELECTORS),
    )
    return pages


def _attributes(kind: type) -> Mapping[str, str]:
    """Return what the docstring of a class says of its attributes."""
    section = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def encoder_pages() -> dict[str, str]:
    """Return a page for each encoder."""
    pages = {}
    rows = []
    for name, entry in qi.ENCODERS.items():
        texts = "yes, for `--anchors text`" if entry.text else "no"
        weights = " --weights FILE_OR_FOLDER" if entry.family == "grepq" else ""
        rows.append((f"[`{name}`]({name}.md)", str(entry.dim), code(entry.input), plain(entry.licence)))
        facts = [
            ("dimension", f"{entry.dim} with the default options"),
            ("input rule", code(entry.input)),
            ("`--layers`", ", ".join(map(code, entry.layers))),
            ("text tower", texts),
            ("licence of the weights", plain(entry.licence)),
            ("where the weights come from", plain(entry.source)),
            ("loaded by", code(entry.family)),
            *([("options", ", ".join(code(f"{key}={value}") for key, value in entry.options.items()))]
              if entry.options else []),
        ]  # fmt: skip
        pages[f"encoders/{name}"] = page(
            f"`{name}`",
            prose(entry.note),
            table(("", ""), facts),
            f"```text\nquasar-index build NAME --data ratings.csv --encoder {name}{weights}\n```",
        )
    pages["encoders/index"] = page(
        "Encoders",
        "An encoder turns an image into the embedding that is compared with those of the anchors. An index records its "
        "encoder, and every image is embedded by it. More in [](../../../guides/encoders.md). Any other model goes by "
        "`open_clip:MODEL/PRETRAINED` or `timm:MODEL`.",
        table(("encoder", "dimension", "input", "licence of the weights"), rows),
        contents(qi.ENCODERS),
    )
    return pages


def dataset_pages() -> dict[str, str]:
    """Return a page for each published data set."""
    from quasar_index.cli.datasets import _facts

    pages = {}
    rows = []
    for name, dataset in qi.DATASETS.items():
        facts = _facts(dataset)
        rows.append((f"[`{name}`]({name}.md)", facts["kind"], facts["images"], facts["scores"], facts["better"]))
        told = [(key, prose(str(facts[key]))) for key in FACTS]
        options = [(code(key.split("  ")[0]), prose(key.split("  ", 1)[1])) for key in facts["options"].splitlines()]
        pages[f"datasets/{name}"] = page(
            plain(dataset.title),
            table(("", ""), [*told, ("home page", f"<{dataset.homepage}>")]),
            "## Files",
            "What the folder `ROOT` holds:",
            f"```text\n{dataset.tree}\n```",
            "## Options",
            "They stand behind the folder: `NAME:ROOT?KEY=VALUE&KEY=VALUE`.",
            table(("option", "what it says"), options),
            f"```text\n{facts['use']}\n```",
        )
    pages["datasets/index"] = page(
        "Data sets",
        "`--data NAME:ROOT` reads a published data set from the folder `ROOT`. Nothing is downloaded: the terms of "
        "each say who may have it.",
        table(("data set", "kind", "images", "scores", "better"), rows),
        contents(qi.DATASETS),
    )
    return pages


def distortion_pages() -> dict[str, str]:
    """Return one page of all distortions."""
    rows = [
        (str(one.number), code(name), one.kind, prose(one.parameter), ", ".join(f"{level:g}" for level in one.levels))
        for name, one in qi.synthesis.DISTORTIONS.items()
    ]
    module = sys.modules[qi.synthesis.Distortion.__module__]
    text = page(
        "Distortions",
        "What `quasar-index synthesize` does to pristine images. `--types` takes names, numbers and families.",
        table(("number", "name", "family", "what a strength is", "levels 1 to 5"), rows),
        "## Source",
        docstring(module.__doc__),
    )
    return {"distortions": text}

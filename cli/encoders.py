"""`quasar-index encoders`: the registry."""

from __future__ import annotations

from typing import Any

import quasar_index as qi

from . import options
from .output import print_facts


def encoders(json: options.Json = False) -> None:
    """List the encoders: dimension, input rule, licence, where the weights come from.

    Any other model goes by open_clip:MODEL/PRETRAINED or timm:MODEL.
    """
    if json:
        print_facts({name: _plain(entry) for name, entry in qi.ENCODERS.items()}, as_json=True)
        return
    facts = {}
    for name, entry in qi.ENCODERS.items():
        parts = [
            f"{entry.dim}-d",
            entry.input,
            "image and text" if entry.text else "image",
            entry.licence,
            entry.source,
            *([f"plugin {entry.package}"] if entry.package else []),
        ]
        facts[name] = ", ".join(parts) + (f"\n{entry.note}" if entry.note else "")
    facts["open_clip:MODEL/PRETRAINED"] = "any model and tag of open_clip"
    facts["timm:MODEL"] = "any backbone of timm"
    print_facts(facts, as_json=False)


def _plain(entry: qi.encoders.EncoderEntry) -> dict[str, Any]:
    """Return an entry as JSON data; what a plugin declares is code."""
    return {key: value for key, value in vars(entry).items() if key != "plugin"} | {"options": dict(entry.options)}

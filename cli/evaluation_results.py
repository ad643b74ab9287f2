"""`--results FILE` and `--from FILE`: evaluations as lines of JSON, one a method, that grow and are read again."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import quasar_index as qi
from quasar_index.encoders.spec import EncoderSpec
from quasar_index.errors import reason
from quasar_index.index.manifest import library_versions
from quasar_index.json_lines import append_lines

from .evaluation_tables import PAIRED, TITLES, Report

ENDINGS = (".jsonl",)
_OF_METHOD = ("label", "index", "method", *TITLES, "fit_at_bound", PAIRED)
_SHARED = (
    *("protocol", "n_scored", "n_failed", "n_unrated", "n_anchors", "n_folds", "n_overlap", "interval", "notes"),
)


def append_results(
    path: Path,
    report: qi.EvaluationReport,
    images: Sequence[qi.RatedImages],
    indexes: Mapping[str, qi.AnchorIndex],
    encoder: EncoderSpec | None,
    asked: Mapping[str, Any],
) -> None:
    """Add a line a method: its figures, and all that they depend on.

    Args:
        path: The file; lines that are there stay.
        report: What was found.
        images: What was evaluated, for one index after the other, or for all.
        indexes: By what the report calls them.
        encoder: What embedded the images where there is no index.
        asked: Options that decide what is compared with what.

    Raises:
        DataError: When the file cannot be written.
    """
    data = report.to_dict()
    run = {
        "run": uuid4().hex[:12],
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": shlex.join(["quasar-index", *sys.argv[1:]]),
        "versions": {"python": sys.version.split()[0], "scipy": version("scipy"), **library_versions()},
        "asked": dict(asked),
        "images": {
            "name": images[0].name,
            "sha256": _images_checksum(report),
            "labels": {name: digest for one in images for name, digest in one.checksums.items()},
        },
        **{name: data[name] for name in _SHARED},
    }
    names = list(indexes)
    lines = []
    for row, one in enumerate(data["methods"]):
        own = indexes[one["index"]] if one["index"] else indexes[names[0]] if names else None
        spec = encoder if own is None else own.manifest.encoder
        lines.append(
            {
                **{name: one[name] for name in _OF_METHOD},
                "is_first": row == 0,
                "n": data["n_scored"],
                "anchors": None
                if own is None
                else {
                    "name": own.name,
                    "path": str(own.path.resolve()),
                    "uid": own.manifest.uid,
                    "version": own.manifest.version,
                    "n": len(own),
                },
                "encoder": None if spec is None else {"name": spec.name, "fingerprint": spec.fingerprint},
                "parts": [
                    {**{name: part[name] for name in ("column", "value", "n")}, "srcc": part["srcc"][one["label"]]}
                    for part in data["breakdowns"]
                ],
                **run,
            }
        )
    try:
        with path.open("ab+") as file:
            append_lines(file, lines, sync=True)
    except OSError as error:
        raise qi.DataError(f"'{path}' cannot be written ({reason(error)})", "give --results another file") from error


def read_results(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Read results as reports: one for the same images, protocol and resamples, with all methods by all indexes.

    Of a method that was evaluated again with the same version of an index, the last line counts. Differences to the
    first method are kept where all lines of a report are of one run.

    Raises:
        DataError: When a file cannot be read, or holds no results.
    """
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for path in paths:
        for line in _read_lines(path):
            key = json.dumps([line["images"]["sha256"], line["asked"], line["interval"]], sort_keys=True)
            anchors, encoder = line["anchors"] or {}, line["encoder"] or {}
            own = json.dumps([line["method"], anchors.get("uid"), anchors.get("version"), encoder.get("fingerprint")])
            lines = tables.setdefault(key, {})
            lines.pop(own, None)
            lines[own] = line
    return [_joined(list(lines.values())) for lines in tables.values()]


def _images_checksum(report: qi.EvaluationReport) -> str:
    """Return what tells the images and their ratings, whatever embedded them."""
    names = report.columns.get("path") or report.columns.get("id") or range(report.n_scored)
    digest = hashlib.sha256()
    for name, rating in sorted(zip(map(str, names), report.quality.tolist(), strict=True)):
        digest.update(f"{name}\0{rating!r}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _read_lines(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise qi.DataError(f"'{path}' cannot be read ({reason(error)})", "name a file that --results wrote") from error
    found: list[dict[str, Any]] = []
    ended = text.endswith("\n")
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            _check_line(record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if number == len(lines) and not ended:
                continue  # an interrupted run left it
            raise qi.DataError(
                f"'{path}' line {number} is no result of an evaluation", "name a file that --results wrote"
            ) from error
        found.append(record)
    if not found:
        raise qi.DataError(f"'{path}' holds no results", "name a file that --results wrote")
    return found


def _check_line(record: dict[str, Any]) -> None:
    """Raise a KeyError, TypeError or AttributeError unless tables can be made of a line."""
    for name in (*_OF_METHOD, *_SHARED, "asked", "run"):
        record[name]
    for name in (*TITLES, PAIRED):
        figure = record[name]
        if figure is not None:
            _ = [
                value if value is None else float(value) for value in (figure[key] for key in ("value", "low", "high"))
            ]
        elif name != PAIRED:
            raise TypeError(name)
    record["images"]["sha256"], [record["interval"][key] for key in ("level", "n_resamples", "resampled", "grouped")]
    int(record["interval"]["n_units"]), int(record["n_scored"]), float(record["interval"]["level"])
    (record["anchors"] or {}).get("uid"), (record["encoder"] or {}).get("fingerprint")
    for part in record["parts"]:
        part["column"], part["value"], part["n"], part["srcc"]
    if not all(isinstance(record[name], str) for name in ("label", "method", "protocol", "run")):
        raise TypeError("a name is no text")


def _joined(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Make a report of lines about the same images."""
    runs = {line["run"] for line in lines}
    first = lines[0]
    names = {(line["anchors"] or line["encoder"] or {}).get("name") for line in lines}
    methods: list[dict[str, Any]] = []
    parts: dict[tuple[Any, Any], dict[str, Any]] = {}
    for line in lines:
        one = {name: line[name] for name in _OF_METHOD}
        if len(runs) > 1:
            one[PAIRED] = None
            one["index"] = (line["anchors"] or line["encoder"] or {}).get("name") if len(names) > 1 else None
            one["label"] = _told_apart(one, line, methods)
        methods.append(one)
        for part in line["parts"]:
            place = parts.setdefault((part["column"], part["value"]), {**part, "srcc": {}})
            place["srcc"][one["label"]] = part["srcc"]
    labels = [one["label"] for one in methods]
    for place in parts.values():
        place["srcc"] = {label: place["srcc"].get(label) for label in labels}
    return {
        **{name: first[name] for name in _SHARED},
        "n_failed": max(line["n_failed"] for line in lines),
        "protocol": "\n".join(dict.fromkeys(text for line in lines for text in line["protocol"].split("\n"))),
        "notes": list(dict.fromkeys(text for line in lines for text in line["notes"])),
        "methods": methods,
        "breakdowns": sorted(parts.values(), key=lambda part: part["column"]),
        "failures": [],
    }


def _told_apart(one: Report, line: Report, others: Sequence[Report]) -> str:
    """Return a label that no other method has: with the version, then the uid, of the index where need be."""
    label = f"{one['index']}: {one['method']}" if one["index"] else one["method"]
    taken = {other["label"] for other in others}
    anchors = line["anchors"] or {}
    for more in ("", f" (version {anchors.get('version')})", f" ({anchors.get('uid')} {anchors.get('version')})"):
        if f"{label}{more}" not in taken:
            return f"{label}{more}"
    return f"{label} ({line['run']})"

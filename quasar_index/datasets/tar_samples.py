"""The members of webdataset shards, put together to samples: one image and its labels each.

By webdataset's rule the key of a sample is the name of its members up to the first dot, and what follows, the ending,
says what a member is: `0001.jpg` and `0001.json`. `0001.left.jpg` is the image `left.jpg` of the sample `0001`.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import fsspec

from ..errors import DataError, counted, first_line, reason
from ..images import is_image_name
from .base import concat_text
from .files import is_url
from .problems import Problem
from .spec import Options

_LABELS = ("json", "score", "cls", "txt")
_MOST_SIDECAR_BYTES = 1 << 24


@dataclass(frozen=True)
class Member:
    """An image in a shard: its name, and where its bytes are."""

    name: str
    offset: int
    size: int


@dataclass
class Sample:
    """The members of one key.

    Attributes:
        key: The key, with the folder before it.
        images: Its images by ending.
        labels: Its labels, by the ending of their member without that of the format (`left` of `left.json`, '' of
            `json`).
        n_repeats: Members whose names a member before has; the last one counts, as in an unpacked archive.
    """

    key: str
    images: dict[str, Member] = field(default_factory=dict)
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    n_repeats: int = 0


def choose_images(
    samples: Sequence[Sample], options: Options, name: str
) -> tuple[list[tuple[Sample, Member, dict[str, Any]]], list[str]]:
    """Choose the image of each sample, and its labels.

    Several images of a sample that have labels of their own, as `photo.v1.jpg` with `photo.v1.json`, are a sample each.

    Args:
        samples: Of all shards.
        options: `?ending=left.jpg` says which member is the image.
        name: Of the source, for messages.

    Returns:
        The samples that have an image, each with it and its labels; and what is to be said of the others.

    Raises:
        DataError: When samples hold several images of which none is the obvious one, or labels belong to no image
            because of dots in names.
    """
    wanted = (options.text("ending") or "").lower().lstrip(".")
    endings = Counter(ending for sample in samples for ending in sample.images)
    if wanted and wanted not in endings:
        raise DataError(f"{name} has no image '.{wanted}'", f"its images end in {_shown(endings) or 'nothing known'}")
    chosen: list[tuple[Sample, Member, dict[str, Any]]] = []
    several: list[Sample] = []
    further: Counter[str] = Counter()
    n_without = 0
    for sample in samples:
        found = [wanted] if wanted else _obvious(sample)
        if not any(ending in sample.images for ending in found):
            several += [sample] if sample.images and not wanted else []
            n_without += not sample.images or bool(wanted)
            continue
        further.update(ending for ending in sample.images if ending not in found)
        for ending in found:
            labels = {**sample.labels.get("", {}), **sample.labels.get(_stem(ending), {})}
            chosen.append((sample, sample.images[ending], labels))
    _report_several(several, endings, options, name)
    _report_dots(samples, chosen, options, name)
    notes = []
    own = [(sample, member) for sample, member, _ in chosen if _stem(_ending(member)) in {*sample.labels} - {""}]
    if own and not wanted:
        notes.append(
            f"{name}: {counted(len(own), 'image has a name', 'images have names', form=',')} with dots, such as "
            f"'{own[0][1].name}', and {'was' if len(own) == 1 else 'were'} read with the labels of the same name"
        )
    if n := further.total():
        was, those = ("was", "that") if n == 1 else ("were", "those")
        notes.append(
            f"{name}: {counted(n, 'further image', form=',')} of the samples ({_shown(further)}) {was} left out; "
            f"?ending={next(iter(further))} takes {those}"
        )
    if n_without:
        what = f"no image '.{wanted}'" if wanted else "no image"
        left_out = counted(n_without, f"sample has {what} and was", f"samples have {what} and were")
        notes.append(f"{name}: {left_out} left out")
    if n := sum(sample.n_repeats for sample in samples):
        repeats = counted(n, "member has the name", "members have the names")
        notes.append(f"{name}: {repeats} of an earlier one in its shard, and {'replaces' if n == 1 else 'replace'} it")
    return chosen, notes


def _obvious(sample: Sample) -> list[str]:
    """Return the endings of the images that are meant: the only one, each with labels of its own, or the plain one."""
    if len(sample.images) == 1:
        return list(sample.images)
    if all(_stem(ending) and _stem(ending) in sample.labels for ending in sample.images):
        return list(sample.images)
    plain = [ending for ending in sample.images if not _stem(ending)]
    return plain if len(plain) == 1 else []


def _report_several(several: Sequence[Sample], endings: Counter[str], options: Options, name: str) -> None:
    """Report samples with several images, of which it is not clear which is meant."""
    if not several:
        return
    first = several[0]
    shown = concat_text([member.name for member in first.images.values()])
    has_dots = any(map(_stem, first.images))
    ending = max(first.images, key=endings.__getitem__)
    is_name = has_dots and endings[ending] == 1 and len(first.images) > 2  # no other sample has such an image
    dots = ": by webdataset's rule the name of a sample ends at its first dot" if has_dots else ""
    options.problems.report(
        Problem(
            f"{name}: {counted(len(several), 'sample holds', 'samples hold', form=',')} several images, such as "
            f"'{first.key}' with {shown}{dots}",
            "pack them under names without dots"
            if is_name
            else f"say which one is meant, ?ending={ending}" + (", or pack them under names without dots" * has_dots),
            count=len(several),
            option="" if is_name else f"ending={ending}",
        )
    )


def _report_dots(
    samples: Sequence[Sample], chosen: Sequence[tuple[Sample, Member, dict[str, Any]]], options: Options, name: str
) -> None:
    """Report labels that belong to no image because of dots in their names, where no image has any."""
    if not options.labelled or any(labels for _, _, labels in chosen):
        return
    lost = [f"{sample.key}.{stem}" for sample in samples for stem in sample.labels if stem]
    if lost:
        options.problems.report(
            Problem(
                f"{name}: {counted(len(lost), 'sample has', 'samples have', form=',')} labels that belong to no image, "
                f"such as '{lost[0]}.json': by webdataset's rule the name of a sample ends at its first dot",
                "pack images and labels under the same names, without dots",
                count=len(lost),
            )
        )


def _ending(member: Member) -> str:
    return member.name.rpartition("/")[2].partition(".")[2].lower()


def _stem(ending: str) -> str:
    return ending.rpartition(".")[0]


def _shown(endings: Counter[str]) -> str:
    return concat_text([f".{ending}" for ending, _ in endings.most_common()], 5)


def read_samples(shard: str) -> list[Sample]:
    """Read the samples of a shard: labels at once, images only where they are.

    Args:
        shard: Path or URL of an uncompressed `.tar` file.

    Raises:
        DataError: When it is none, or labels cannot be read.
    """
    samples: dict[str, Sample] = {}
    seen: set[str] = set()
    try:
        with fsspec.open(shard, "rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                if not member.isfile():
                    continue  # links too: what they name may lie anywhere
                if member.issparse():
                    # Its size may be anything, however small the shard.
                    raise DataError(f"{shard}: member {member.name!a} is a sparse file", "pack the shard without them")
                folder, slash, base = member.name.rpartition("/")
                head, _, ending = base.partition(".")
                if not head:
                    continue
                key, ending = f"{folder}{slash}{head}", ending.lower()
                sample = samples.setdefault(key, Sample(key))
                kind = ending.rpartition(".")[2]
                if is_image_name(member.name):
                    sample.images[ending] = Member(member.name, member.offset_data, member.size)
                elif kind in _LABELS:
                    if member.size > _MOST_SIDECAR_BYTES:
                        raise DataError(f"{shard}: member {member.name!a} has {member.size} bytes of labels", "mend it")
                    content = archive.extractfile(member)
                    if content is not None:
                        labels = sample.labels.setdefault(_stem(ending), {})
                        labels.update(_read_labels(kind, content.read(), f"{shard}::{member.name}"))
                else:
                    continue
                sample.n_repeats += member.name in seen
                seen.add(member.name)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{shard} cannot be read ({reason(error)})", "check the path") from error
    except Exception as error:
        # Beside tarfile's own errors ValueError, OverflowError, ... by the kind of damage.
        hint = "shards must not be compressed" if not is_url(shard) else "an uncompressed .tar"
        raise DataError(f"{shard} is not a readable tar file: {first_line(error)}", hint) from error
    return list(samples.values())


def _read_labels(kind: str, content: bytes, where: str) -> dict[str, Any]:
    """Return the columns of a member of labels."""
    try:
        text = content.decode("utf-8-sig")
        if kind != "json":
            return {kind: text.strip()}
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} cannot be read: {first_line(error)}", "UTF-8 text is expected") from error
    if isinstance(values, dict):
        return {name: value for name, value in values.items() if not isinstance(value, (dict, list))}
    if isinstance(values, (int, float)):
        return {"score": values}
    raise DataError(f"{where} is neither a JSON object nor a number")

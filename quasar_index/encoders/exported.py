"""Image towers as ONNX files, each with a record of what it is: found and kept without PyTorch.

The default encoder's ships in the folder `exported` of this package; those of others are kept in the user's cache, by
all that decides an embedding but the version of the input rule, for images come decoded. The record is written last and
holds the file's checksum: a torn or damaged file, or one of another version, counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import EncoderError, reason
from ..paths import replacing, write_atomically
from .cache_folder import default_cache_folder
from .spec import EncoderSpec

VERSION = 1
"""Of what an exported file takes and gives; another one is made again."""
SHIPPED = Path(__file__).with_name("exported")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """An exported image tower.

    Attributes:
        spec: Of its encoder.
        path: The ONNX file; None where the tower is known not to export.
        error: Why it does not; empty otherwise.
    """

    spec: EncoderSpec
    path: Path | None
    error: str = ""


def find_exported(spec: EncoderSpec) -> Exported | None:
    """Return the exported tower of an encoder, from the package or the user's cache; None where there is none.

    Args:
        spec: As an index records it.
    """
    for record in (*sorted(SHIPPED.glob("*.json")), kept_path(spec).with_suffix(".json")):
        found = _read(record)
        if found is not None and _tower_key(found.spec) == _tower_key(spec):
            return found
    return None


def shipped_tower(name: str, layers: str) -> Exported | None:
    """Return the exported tower that ships under the name of an encoder; None where there is none."""
    return _read(SHIPPED / f"{name}-{layers}.json")


def kept_path(spec: EncoderSpec) -> Path:
    """Return where the user's cache keeps the file of an encoder."""
    return default_cache_folder() / "towers" / f"{_tower_key(spec)}.onnx"


def _tower_key(spec: EncoderSpec) -> str:
    """Return the key of a tower, to which images come decoded: however they were read, it is the same."""
    return spec.at_rule(1).key


def keep_exported(spec: EncoderSpec, write: Callable[[Path], None]) -> Exported:
    """Export a tower into the user's cache, unless another process has done so by now.

    Args:
        spec: Of its encoder.
        write: Writes the ONNX file, and checks it; an `EncoderError` of it is recorded, and raised again.

    Returns:
        What is there then.

    Raises:
        EncoderError: When it cannot be exported.
        OSError: When nothing can be kept.
    """
    path = kept_path(spec)
    with _locked(path):
        if (found := _read(path.with_suffix(".json"))) is not None:
            return found
        try:
            write_exported(spec, path, write)
        except EncoderError as error:
            write_record(path, spec, error=str(error))
            raise
    return Exported(spec, path)


def write_exported(spec: EncoderSpec, path: Path, write: Callable[[Path], None]) -> None:
    """Write a file and its record; arguments and errors as `keep_exported`."""
    with replacing(path, shared=True) as temporary:
        write(temporary)
    write_record(path, spec)


def write_record(path: Path, spec: EncoderSpec, error: str = "") -> None:
    """Record what a file is, or why there is none."""
    record: dict[str, Any] = {"version": VERSION, "spec": spec.at_rule(1).to_dict() | {"weights": "", "runtime": ""}}
    record |= {"error": error} if error else {"n_bytes": path.stat().st_size, "sha256": _digest(path)}
    write_atomically(path.with_suffix(".json"), (json.dumps(record, indent=1) + "\n").encode(), shared=True)


def _read(record: Path) -> Exported | None:
    """Read a record; None where it, or its file, is missing, damaged or of another version."""
    path = record.with_suffix(".onnx")
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
        if found["version"] != VERSION:
            return None
        spec = EncoderSpec.from_dict(found["spec"])
        if "error" in found:
            return Exported(spec, None, str(found["error"]))
        if path.stat().st_size != found["n_bytes"] or _digest(path) != found["sha256"]:
            _log.warning("'%s' is damaged: making it again", path)
            return None
    except OSError:
        return None
    except (ValueError, KeyError, TypeError, EncoderError) as error:
        _log.warning("'%s' is damaged (%s): making it again", record, error)
        return None
    return Exported(spec, path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    from filelock import FileLock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            yield
    except OSError as error:
        _log.info("'%s' cannot be kept (%s)", path, reason(error))
        raise

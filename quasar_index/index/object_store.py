"""An object store as an index needs it: small files are read, a folder is put there, one file on a condition.

The condition is what keeps two writers apart: the manifest is put only if none is there, or if it is still the one that
was read. A store that cannot do that is refused.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..errors import AnchorIndexError, first_line, reason
from .addresses import Address

_EXTRAS = {"s3": "s3", "gs": "gs"}
_CREDENTIALS = ("AWS_", "AZURE_", "FSSPEC_", "GOOGLE_", "STORAGE_")
_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_NO_RIGHT = "check the address, your credentials, and your right to it"


class TakenError(Exception):
    """What a conditional put found there is not what was expected."""


@dataclass(frozen=True)
class Found:
    """A file that was read, and what tells whether it is still the same.

    Attributes:
        data: Its bytes.
        tag: ETag or generation.
    """

    data: bytes
    tag: str


@contextmanager
def asking(address: Address, what: str) -> Iterator[None]:
    """Say in one line what a store would not do, whatever its client raises.

    Args:
        address: Of the index.
        what: "read" or "written".

    Raises:
        AnchorIndexError: With that line.
    """
    try:
        yield
    except (AnchorIndexError, TakenError):
        raise
    except ImportError as error:
        extra = _EXTRAS.get(address.scheme)
        raise AnchorIndexError(
            f"'{address.scheme}://' needs a package that is not installed",
            f"pip install -e '.[{extra}]'" if extra else first_line(error),
        ) from error
    except Exception as error:  # OSError, botocore's, aiohttp's, google's: they share no narrower class
        name, text = type(error).__name__, reason(error)
        text = text if len(text) > 3 else name
        hint = _NO_RIGHT
        if "Connect" in name or "Timeout" in name or isinstance(error, (ConnectionError, TimeoutError)):
            hint = "check the network, then run it again"
        elif _status(error).startswith("5"):
            hint = "run it again later"
        raise AnchorIndexError(f"'{address}' cannot be {what} ({text})", hint) from error


def file_system(address: Address) -> Any:
    """Return the fsspec file system of an address; its credentials are those of the environment."""
    with asking(address, "read"):
        return _file_system(address.scheme, _surroundings())


def _surroundings() -> tuple[tuple[str, str], ...]:
    return (("", str(os.getpid())), *sorted(one for one in os.environ.items() if one[0].startswith(_CREDENTIALS)))


@lru_cache(maxsize=8)
def _file_system(scheme: str, _: tuple[tuple[str, str], ...]) -> Any:
    import fsspec

    # Listings are always asked for: others write there, too.
    return fsspec.filesystem(scheme, use_listings_cache=False, skip_instance_cache=True)


def table_options(address: Address) -> dict[str, str]:
    """Return what Lance's own client needs beside the environment, so that it asks where fsspec asks."""
    options = {"client_max_retries": "5", "client_retry_timeout": "60"}
    if address.scheme == "s3":
        options |= _s3_options(_surroundings())
    elif address.scheme == "gs" and (emulator := os.environ.get("STORAGE_EMULATOR_HOST")):
        key = {"gcs_base_url": emulator, "disable_oauth": True}
        key |= dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
        options |= {"google_service_account_key": json.dumps(key), "allow_http": "true"}
    return options


@lru_cache(maxsize=8)
def _s3_options(surroundings: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    files = _file_system("s3", surroundings)
    files.connect()
    meta, options = files.s3.meta, {}
    if ".amazonaws." not in meta.endpoint_url:
        options["aws_endpoint"] = meta.endpoint_url
        options["aws_region"] = meta.region_name or "us-east-1"
    if meta.endpoint_url.startswith("http://"):
        options["allow_http"] = "true"
    if files.anon:
        options["aws_skip_signature"] = "true"
    given = {"aws_access_key_id": files.key, "aws_secret_access_key": files.secret, "aws_session_token": files.token}
    return options | {name: value for name, value in given.items() if value}


def read_file(address: Address, inner: str) -> bytes | None:
    """Return the bytes of a file; None where there is none."""
    files = file_system(address)
    with asking(address, "read"):
        try:
            return bytes(files.cat_file(inner))
        except FileNotFoundError as error:
            if _no_bucket(error):
                raise
            return None


def read_tagged(address: Address, inner: str) -> Found | None:
    """Return a file with what tells whether it changed; None where there is none."""
    while True:
        before = _tag(address, inner)
        data = read_file(address, inner)
        if before == _tag(address, inner) and (before is None) == (data is None):
            return None if data is None else Found(data, str(before))


def _tag(address: Address, inner: str) -> str | None:
    files = file_system(address)
    with asking(address, "read"):
        try:
            facts = files.info(inner)
        except FileNotFoundError as error:
            if _no_bucket(error):
                raise
            return None
    if facts.get("type") == "directory":
        return None
    tag = facts.get("generation") if address.scheme == "gs" else facts.get("ETag", facts.get("etag"))
    return str(tag)


def _no_bucket(error: BaseException) -> bool:
    return _status(error) == "NoSuchBucket" or "specified bucket does not exist" in str(error)


def put_on_condition(address: Address, inner: str, data: bytes, before: Found | None) -> None:
    """Put a file unless another one came between.

    A put whose answer was lost may have been done: what is there then is looked at.

    Args:
        address: Of the index.
        inner: Where the file goes.
        data: Its bytes, not the same twice.
        before: What it replaces; None where nothing may be there.

    Raises:
        TakenError: When something else is there.
        AnchorIndexError: When the store cannot be written.
    """
    files = file_system(address)
    bucket, _, key = inner.partition("/")
    with asking(address, "written"):
        try:
            if address.scheme == "s3":
                condition = {"IfNoneMatch": "*"} if before is None else {"IfMatch": before.tag}
                files.call_s3("put_object", Bucket=bucket, Key=key, Body=data, **condition)
            elif address.scheme == "gs":
                files.call(
                    "POST",
                    f"{files._location}/upload/storage/v1/b/{{}}/o",
                    bucket,
                    uploadType="media",
                    name=key,
                    ifGenerationMatch="0" if before is None else before.tag,
                    data=data,
                )
            else:
                raise _unconditional(address, f"quasar-index knows no put on a condition for '{address.scheme}://'")
        except Exception as error:
            if isinstance(error, AnchorIndexError):
                raise
            with contextlib.suppress(AnchorIndexError):
                if read_file(address, inner) == data:
                    return
            if isinstance(error, FileExistsError) or _status(error) in _CONFLICTS:
                raise TakenError from error
            raise


def _status(error: BaseException | None) -> str:
    """Return the code of an answer: the store's own, or that of HTTP; empty where there was none."""
    while error is not None:
        answer = getattr(error, "response", None)
        if isinstance(answer, Mapping) and "Error" in answer:
            http = str(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
            return http if http.startswith("5") else str(answer["Error"].get("Code", http))
        if getattr(error, "code", None) is not None:
            return str(getattr(error, "code", ""))
        error = error.__cause__
    return ""


def _unconditional(address: Address, why: str) -> AnchorIndexError:
    return AnchorIndexError(
        f"no index can be written to '{address}': {why}, and without one two writers would mix their indexes",
        "build it in a folder; a copy of a folder can be read from any store",
    )


def check_writable(address: Address) -> None:
    """Find out whether a store takes files and keeps to conditions, with a small file that is removed again.

    Raises:
        AnchorIndexError: When it does not.
    """
    inner = f"{address.inner}/.quasar-index-{uuid4().hex}"
    put_on_condition(address, inner, uuid4().bytes, None)
    try:
        for before in (None, Found(b"", "0" * 32 if address.scheme == "s3" else "1")):
            try:
                put_on_condition(address, inner, uuid4().bytes, before)
            except TakenError:
                continue
            raise _unconditional(address, "this store puts a file whatever the condition")
    finally:
        with contextlib.suppress(Exception):  # where nothing may be removed, a small file stays
            file_system(address).rm_file(inner)


def put_folder(address: Address, folder: Path, names: list[str], inner: str) -> None:
    """Put files of a folder below a place where nothing else is; what has failed is tried again by the client.

    Args:
        address: Of the index.
        folder: The local folder.
        names: Paths in it, with `/`.
        inner: The place.

    Raises:
        AnchorIndexError: When one of them cannot be put.
    """
    files = file_system(address)
    with asking(address, "written"):
        files.put([str(folder / name) for name in names], [f"{inner}/{name}" for name in names])


def drop_folder(address: Address, inner: str) -> None:
    """Remove what is below a place, as far as that can be done."""
    with contextlib.suppress(Exception):
        file_system(address).rm(inner, recursive=True)


def list_files(address: Address, inner: str) -> dict[str, int]:
    """Return the names of the files right below a place, and their sizes; none where there is no such place."""
    files = file_system(address)
    with asking(address, "read"):
        try:
            found = files.ls(inner, detail=True)
        except FileNotFoundError:
            return {}
    return {one["name"].rstrip("/").rsplit("/", 1)[-1]: int(one["size"] or 0) for one in found if one["type"] == "file"}


def list_below(address: Address, inner: str) -> list[str]:
    """Return the paths of all files below a place, relative to it."""
    files = file_system(address)
    with asking(address, "read"):
        start = f"{files._strip_protocol(inner).rstrip('/')}/"
        return sorted(name.removeprefix(start) for name in files.find(inner))


def as_json(data: bytes, address: Address) -> dict[str, Any]:
    """Read the manifest of an index in a store.

    Raises:
        AnchorIndexError: When it is damaged.
    """
    try:
        found = json.loads(data)
        if not isinstance(found, dict):
            raise ValueError("it is no object")
    except (ValueError, RecursionError) as error:
        raise AnchorIndexError(f"the manifest of '{address}' is damaged ({error})", "build the index anew") from error
    return found

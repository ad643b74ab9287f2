"""Indexes on the Hugging Face hub: a data set of two files, the bundle and a card that says what it is.

`hf://OWNER/NAME`, or with `@REVISION` and `/FILE.quasar` after it; `hf://datasets/OWNER/NAME` is the same. Who may read
and write there is the hub's own affair: `hf auth login`, or `$HF_TOKEN`; `$HF_ENDPOINT` names another hub.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from ..arguments import checked
from ..errors import DataError, first_line
from ..index import AnchorIndex
from ..paths import PathText
from .bundles import ENDING, Bundle, OnProgress, write_bundle
from .card import MARK, data_card
from .network import OFFLINE_VARIABLES, is_offline

if TYPE_CHECKING:
    from huggingface_hub import HfApi

HUB = "hf://"
_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_ADDRESS = re.compile(
    rf"hf://(?:datasets/)?(?P<repo>{_WORD}/{_WORD})(?:@(?P<revision>[A-Za-z0-9._/%-]+?))?(?:/(?P<file>{_WORD}\.quasar))?/?"
)
_KIND = "dataset"
_CARD = "README.md"


@dataclass(frozen=True)
class HubAddress:
    """A place on the hub.

    Attributes:
        repo: `OWNER/NAME`.
        revision: Branch, tag or commit; None for the newest.
        file: The bundle's file; None for the only one.
    """

    repo: str
    revision: str | None = None
    file: str | None = None

    @classmethod
    def read(cls, text: str) -> HubAddress:
        """Read `hf://OWNER/NAME[@REVISION][/FILE.quasar]`.

        Raises:
            DataError: When a text is none.
        """
        found = _ADDRESS.fullmatch(text)
        if found is None:
            raise DataError(f"'{text}' names nothing on the hub", "write hf://OWNER/NAME")
        return cls(**found.groupdict())


@checked
def push_to_hub(
    index: AnchorIndex,
    address: str,
    *,
    private: bool = False,
    licence: str | None = None,
    show_progress: bool = False,
    on_progress: OnProgress | None = None,
) -> Bundle:
    """Put an index on the Hugging Face hub: `NAME.quasar` and a data card, in one commit.

    The data set is made where there is none, as visible as the hub's own settings say. A card that does not say that
    it was written by this function stays as it is.

    Args:
        index: The index, at the version that it has open.
        address: `hf://OWNER/NAME`, with `@BRANCH` for another branch than the main one.
        private: As of `write_bundle`; it does not make the data set on the hub private.
        licence: As of `write_bundle`.
        show_progress: Let the hub's library draw bars on stderr.
        on_progress: As of `write_bundle`.

    Returns:
        The bundle that was put there; its file is gone.

    Raises:
        AnchorIndexError: When the index is damaged.
        DataError: When the hub cannot be reached, or refuses.
    """
    place = HubAddress.read(address)
    name = place.file or place.repo.partition("/")[2] + ENDING
    with _hub(address, show_progress=show_progress) as hub, TemporaryDirectory(prefix="quasar-index-") as folder:
        from huggingface_hub import CommitOperationAdd

        bundle = write_bundle(index, Path(folder, name), private=private, licence=licence, on_progress=on_progress)
        hub.create_repo(place.repo, repo_type=_KIND, exist_ok=True)
        added = [CommitOperationAdd(name, str(bundle.path))]
        if _card_is_ours(hub, place, Path(folder)):
            card = data_card(bundle, f"{HUB}{place.repo}", place.repo.partition("/")[2])
            added.append(CommitOperationAdd(_CARD, card.encode()))
        hub.create_commit(
            place.repo, added, repo_type=_KIND, revision=place.revision, commit_message="quasar-index push"
        )
    return bundle


@checked
def fetch_from_hub(address: str, folder: PathText, *, show_progress: bool = False) -> Path:
    """Download a bundle from the hub; what is there already is not downloaded again.

    Args:
        address: `hf://OWNER/NAME`, with `@REVISION` and `/FILE.quasar` where needed.
        folder: Where it is put.
        show_progress: Let the hub's library draw bars on stderr.

    Returns:
        The file.

    Raises:
        DataError: When the hub cannot be reached or refuses, or has no such bundle.
    """
    place = HubAddress.read(address)
    with _hub(address, show_progress=show_progress) as hub:
        name = place.file
        if name is None:
            files = hub.list_repo_files(place.repo, repo_type=_KIND, revision=place.revision)
            found = [file for file in files if re.fullmatch(rf"{_WORD}\.quasar", file)]
            if len(found) != 1:
                there = f"{len(found)} bundles: {', '.join(found)}" if found else "no bundle (a file NAME.quasar)"
                raise DataError(f"'{address}' has {there}", f"name the file: {HUB}{place.repo}/FILE{ENDING}")
            name = found[0]
        fetched = hub.hf_hub_download(
            place.repo, name, repo_type=_KIND, revision=place.revision, local_dir=os.fspath(folder)
        )
    return Path(fetched)


@contextmanager
def _hub(address: str, *, show_progress: bool) -> Iterator[HfApi]:
    """Offer the hub; what goes wrong there is one line.

    Raises:
        DataError: With that line.
    """
    if is_offline():
        raise DataError(
            f"'{address}' needs the network, which {' or '.join(OFFLINE_VARIABLES[:2])} forbids",
            "unset it, or push and pull a file: NAME.quasar",
        )
    from huggingface_hub import HfApi, errors
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if not show_progress:
        disable_progress_bars()
    # Of whatever library makes its connections: those that it answers errors with are of the same tree.
    connection = cast("tuple[type[Exception], ...]", (*errors.HfHubHTTPError.__bases__, OSError))
    try:
        yield HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    except errors.GatedRepoError as error:
        raise DataError(f"'{address}' is open only to those who ask for it", "ask on its page on the hub") from error
    except (errors.RepositoryNotFoundError, errors.LocalTokenNotFoundError) as error:
        raise DataError(
            f"'{address}' is not there, or not open to you", "check the name; hf auth login, or $HF_TOKEN"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise DataError(f"'{address}' has no such revision", "name a branch, a tag or a commit") from error
    except errors.LocalEntryNotFoundError as error:
        raise _unreachable(error) from error
    except errors.EntryNotFoundError as error:
        raise DataError(f"'{address}' has no such file", f"leave it out: {address.rpartition('/')[0]}") from error
    except errors.HfHubHTTPError as error:
        code = getattr(error.response, "status_code", None)
        mend = "hf auth login, or $HF_TOKEN, with the right to write" if code in (401, 403) else "run it again later"
        raise DataError(f"the hub refuses '{address}' ({error.server_message or first_line(error)})", mend) from error
    except errors.HFValidationError as error:
        raise DataError(f"'{address}' is no name on the hub ({first_line(error)})", "choose another") from error
    except connection as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> DataError:
    return DataError(
        f"the hub cannot be reached ({first_line(error)})", "run it again later; $HF_ENDPOINT names another hub"
    )


def _card_is_ours(hub: HfApi, place: HubAddress, folder: Path) -> bool:
    """Return whether the data card may be written: there is none, or an earlier one of ours."""
    from huggingface_hub.errors import EntryNotFoundError

    try:
        card = hub.hf_hub_download(
            place.repo, _CARD, repo_type=_KIND, revision=place.revision, local_dir=folder / "there"
        )
    except EntryNotFoundError:
        return True
    return MARK in Path(card).read_text(encoding="utf-8", errors="replace")

"""What all tests share: none looks into the user's cache of embeddings, or into another test's."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

NUMBERS = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def no_cache_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the caches; one of them for fixtures that several tests share."""
    folder = tmp_path_factory.getbasetemp() / "caches"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("QUASAR_INDEX_CACHE_SIZE", raising=False)
        patch.setenv("QUASAR_INDEX_CACHE", str(folder / "shared"))
        yield folder


@pytest.fixture(autouse=True)
def embedding_cache(no_cache_of_the_user: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of embeddings, which is made when something is put there."""
    folder = no_cache_of_the_user / f"{next(NUMBERS)}"
    monkeypatch.setenv("QUASAR_INDEX_CACHE", str(folder))
    return folder

"""What all tests share: none looks into the user's cache of embeddings, or into another test's."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.file_server import FileServer, serving
from tests.skips import (  # noqa: F401 - hooks
    pytest_collectreport,
    pytest_runtest_logreport,
    pytest_sessionfinish,
    pytest_terminal_summary,
)

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


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A web server on this machine that no proxy and no wish to stay offline stands before."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.endswith("_OFFLINE"):
            monkeypatch.delenv(name)
    with serving() as server:
        yield server

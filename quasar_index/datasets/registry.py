"""Every published data set that has an adapter, by name: our own, and those of plugins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import DataError
from ..plugins import Registry
from .aesthetics import AESTHETICS
from .declare import Dataset
from .full_reference import FULL_REFERENCE
from .no_reference import NO_REFERENCE
from .pyiqa import PYIQA
from .spec import normal_name

_OWN = {dataset.name: dataset for dataset in (*FULL_REFERENCE, *NO_REFERENCE, *AESTHETICS, PYIQA)}


def names_of(dataset: Dataset) -> list[str]:
    """Return all names of a data set, in the form in which names are compared."""
    return [normal_name(name) for name in (dataset.name, dataset.title, *dataset.aliases)]


_TAKEN = {name: dataset.name for dataset in _OWN.values() for name in names_of(dataset)}


def _of_plugin(name: str, found: Any, package: str) -> Dataset:
    if not isinstance(found, Dataset):
        raise DataError(f"it is of type {type(found).__name__}, not a quasar_index.datasets.Dataset")
    if found.name != name:
        raise DataError(f"its declaration is called '{found.name}'")
    if taken := [one for one in names_of(found) if one in _TAKEN]:
        raise DataError(f"quasar-index reads '{_TAKEN[taken[0]]}' under the name '{taken[0]}'")
    return replace(found, package=package)


DATASETS: Registry[Dataset] = Registry("data set", "quasar_index.datasets", _OWN, _of_plugin)

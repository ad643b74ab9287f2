"""Every published data set that has an adapter, by name."""

from __future__ import annotations

from .aesthetics import AESTHETICS
from .declare import Dataset
from .full_reference import FULL_REFERENCE
from .no_reference import NO_REFERENCE
from .pyiqa import PYIQA

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset for dataset in (*FULL_REFERENCE, *NO_REFERENCE, *AESTHETICS, PYIQA)
}

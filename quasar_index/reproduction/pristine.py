"""Experiments whose anchors are patches of pristine photographs: what they need, and measuring them.

The photographs lie in the folder `pristine` of the data root; the index of their patches is made once an encoder.
"""

from __future__ import annotations

import hashlib
import json

from ..datasets.patches import choose_pristine_patches
from ..errors import DataError, counted
from ..images import list_images
from ..index.anchor_index import AnchorIndex
from ..index.build import build_index
from ..index.manifest import MANIFEST
from ..validation.patches import evaluate_patches
from ..validation.rated import rated_source
from .data import Need, describe_missing, find_root, read_images, slug
from .declare import PRISTINE, Experiment
from .indexes import Library, weights_state
from .measure import Store
from .report import Measurement, MissingInput


def lacking(library: Library, one: Experiment) -> list[MissingInput]:
    """Return the photographs and the test set, as far as they are not there."""
    found = []
    if _folder(library) is None:
        root = "DIR" if library.data_root is None else library.data_root
        found.append(
            MissingInput(
                PRISTINE,
                "data set",
                "pristine photographs, whose patches are the anchors",
                (f"lay undistorted, sharp photographs of yours as {root}/{PRISTINE}/",),
            )
        )
    if library.data_root is None or find_root(library.data_root, library.dataset(one.test)) is None:
        found.append(describe_missing(library.data_root, _need(one), ()))
    return found


def plan(library: Library, one: Experiment) -> list[str]:
    """Say what would be done."""
    names = dict.fromkeys(name for name in (one.encoder, one.prompt_encoder) if name is not None)
    steps = [weights_state(name, library.weights.get(name)) for name in names]
    return [*steps, f"choose patches of '{_folder(library)}'", f"embed the patches of {one.test}"]


def measure_pristine(
    library: Library, store: Store, one: Experiment, *, n_resamples: int, seed: int
) -> tuple[Measurement, tuple[str, ...]]:
    """Score a test set by its distance to pristine patches.

    Returns:
        What was measured, and what a reader of it should know.

    Raises:
        QuasarError: When photographs, labels or encoders cannot be used.
    """
    root = None if library.data_root is None else find_root(library.data_root, library.dataset(one.test))
    assert root is not None  # noqa: S101 - `lacking` has seen it
    rated = rated_source(read_images(root, _need(one), sample=None, seed=seed))
    encoder = library.encoder(one.encoder, None)
    prompting = None if one.prompt_encoder is None else library.encoder(one.prompt_encoder, None)
    index = _index(library, one.encoder)
    parts = {
        "method": str(one.method),
        "patches": [index.manifest.uid, index.manifest.version],
        "test": [one.test, one.split, len(rated.source), sorted(rated.source.checksums.values())],
        "encoders": [encoder.spec.fingerprint, prompting and prompting.spec.fingerprint],
        "n_resamples": n_resamples,
        "seed": seed,
    }
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
    flags = (f"{counted(len(index), 'patch', 'patches', form=',')} of '{_folder(library)}' are the anchors",)
    if known := store.get(key):
        return known, flags
    library.on_step(f"scoring the patches of {library.dataset(one.test).title} with {one.encoder}, {one.method}")
    report, images = evaluate_patches(
        [one.method],
        index,
        rated,
        encoder,
        prompt_encoder=prompting,
        seed=seed,
        n_resamples=n_resamples,
        batch_size=library.batch_size,
        n_workers=library.n_workers,
        max_pixels=library.max_pixels,
        on_progress=library.on_progress,
    )
    figure = report.outcomes[0].figures["srcc"]
    assert figure.value is not None  # noqa: S101 - an undefined one is an error
    found = Measurement(
        figure.value,
        figure.low,
        figure.high,
        None,
        report.n_scored,
        len(index),
        n_groups=report.n_units if report.grouped else None,
        n_overlap=report.n_overlap,
    )
    if not images.failures:
        store.put(key, found)
        return found, flags
    failed = counted(len(images.failures), "image")
    return found, (*flags, f"{failed} of {library.dataset(one.test).title} could not be scored")


def _folder(library: Library) -> str | None:
    path = None if library.data_root is None else library.data_root / PRISTINE
    return str(path) if path is not None and path.is_dir() else None


def _need(one: Experiment) -> Need:
    return Need("test", one.test, one.split, one.encoder, one.test_input)


def _index(library: Library, encoder: str) -> AnchorIndex:
    """Open the index of the photographs' patches, or make it.

    Raises:
        DataError: When no photograph gives a patch.
    """
    path = library.home / f"patches--{PRISTINE}--{slug(encoder)}"
    if (path / MANIFEST).is_file():
        return AnchorIndex.open(path)
    folder = _folder(library)
    if folder is None:
        raise DataError("there are no pristine photographs", f"lay them below --data-root as {PRISTINE}/")
    library.on_step(f"choosing patches of '{folder}'")
    source = choose_pristine_patches(list_images(folder), max_pixels=library.max_pixels)
    library.home.mkdir(parents=True, exist_ok=True)
    library.on_step(f"embedding {counted(len(source), 'patch', 'patches', form=',')} with {encoder}")
    return build_index(
        path,
        [source],
        library.encoder(encoder, None),
        batch_size=library.batch_size,
        n_workers=library.n_workers,
        max_pixels=library.max_pixels,
        on_progress=library.on_progress,
    ).index

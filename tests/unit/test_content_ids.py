"""Content ids in 16 bytes: the same as lists and dictionaries of texts."""

import numpy as np
import pyarrow as pa
import pytest

from quasar_index.index import content_ids
from quasar_index.index.content_ids import ContentIds, IdPlaces


def hexadecimal(rng, n, *, halves=None):
    """Return n ids; with `halves`, their first halves are some of so few."""
    words = rng.integers(0, 1 << 63, (n, 2), dtype=np.uint64)
    if halves:
        words[:, 0] = rng.integers(0, halves, n).astype(np.uint64) << np.uint64(58)
        words[:, 1] = rng.integers(0, 5, n)
    return [f"{int(high):016x}{int(low):016x}" for high, low in words]


def listed(texts):
    """Return which are copies, by a set."""
    seen, copies = set(), []
    for row, text in enumerate(texts):
        if text in seen:
            copies.append(row)
        elif text:
            seen.add(text)
    return copies


@pytest.mark.parametrize("kind", ["plain", "shared halves", "own", "capitals", "mixed late", "empty"])
@pytest.mark.parametrize("bucket", [1 << 22, 16])
def test_copies_are_those_that_a_set_finds(monkeypatch, kind, bucket):
    monkeypatch.setattr(content_ids, "_BUCKET", bucket)
    rng = np.random.default_rng(0)
    texts = {
        "plain": hexadecimal(rng, 200) * 2,
        "shared halves": hexadecimal(rng, 400, halves=4),
        "own": [f"photo {i % 70}" for i in range(200)],
        "capitals": [text.upper() for text in hexadecimal(rng, 50)] * 2,
        "mixed late": [*hexadecimal(rng, 100), "own", "own"] * 2,
        "empty": [],
    }[kind]
    texts = ["" if i % 7 == 3 else texts[i] for i in rng.permutation(len(texts))]
    ids = ContentIds()
    for start in range(0, len(texts), 33):
        ids.extend(texts[start : start + 33])
    assert len(ids) == len(texts)
    assert ids.texts(range(len(texts))) == texts
    copies = [row for row in listed(texts) if texts[row]]
    assert ids.drop_copies().tolist() == copies
    left = ["" if row in set(copies) else text for row, text in enumerate(texts)]
    assert ids.texts(range(len(texts))) == left
    assert ids.column().to_pylist() == [text for text in left if text]
    assert ids.usable.tolist() == [bool(text) for text in left]


@pytest.mark.parametrize("kind", ["plain", "shared halves", "own"])
def test_places_are_those_of_a_dictionary(kind):
    rng = np.random.default_rng(1)
    if kind == "own":
        texts = [f"photo {i}" for i in range(300)]
    else:
        texts = list(dict.fromkeys(hexadecimal(rng, 300, halves=20 if kind == "shared halves" else None)))
    there, others = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    places = IdPlaces(pa.chunked_array([there[:40], there[40:]]))
    asked = [texts[i] for i in rng.permutation(len(texts))] + ["", "none", "F" * 32]
    expected = [there.index(text) if text in there else -1 for text in asked]
    assert places.find(asked).tolist() == expected
    assert places.find(others).max() == -1
    assert places.find([]).tolist() == []
    assert IdPlaces(pa.chunked_array([], pa.string())).find(asked).max() == -1


def test_an_id_takes_17_bytes():
    ids = ContentIds(hexadecimal(np.random.default_rng(2), 1000))
    assert len(ids._packed) + len(ids._there) == 17_000

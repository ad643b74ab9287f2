"""Content ids of very many records: 16 bytes each, where Python's texts take 80.

Ids are 32 hexadecimal digits; a user's own ids may be any text, and are kept as texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..arrays import BoolArray, IntArray

_DIGITS = 32
_ROWS = 1 << 16
_BUCKET = 1 << 22
"""Most ids that are sorted at once while copies are looked for."""
_Words = npt.NDArray[np.uint64]


class ContentIds:
    """The content id of each record, in order; "" where there is none.

    Args:
        texts: Those of the first records.
    """

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self._packed = bytearray()
        self._there = bytearray()
        self._texts: list[str] | None = None
        self.extend(texts)

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._there)

    def extend(self, texts: Sequence[str]) -> None:
        """Add those of further records."""
        if self._texts is None and (packed := _pack(texts)) is not None:
            self._packed += packed
        else:
            if self._texts is None:
                self._texts = list(self._unpacked(range(len(self))))
                self._packed = bytearray()
            self._texts += texts
        self._there += bytes(map(bool, texts))

    @property
    def usable(self) -> BoolArray:
        """Of each record, whether it has an id. What changes it changes them."""
        return np.frombuffer(self._there, dtype=np.bool_)

    def drop_copies(self) -> IntArray:
        """Take the id from each record whose id an earlier one has; return those records, in order."""
        copies = np.sort(self._copies())
        self.usable[copies] = False
        return copies

    def texts(self, rows: range) -> list[str]:
        """Return the ids of a run of records."""
        there = self._there[rows.start : rows.stop]
        return [text if is_there else "" for text, is_there in zip(self._all(rows), there, strict=True)]

    def column(self) -> pa.ChunkedArray:
        """Return the ids of those records that have one."""
        parts = []
        for start in range(0, len(self), _ROWS):
            rows = range(start, min(start + _ROWS, len(self)))
            parts.append(pa.array([text for text in self.texts(rows) if text], pa.string()))
        return pa.chunked_array(parts, pa.string())

    def _all(self, rows: range) -> Iterable[str]:
        return self._unpacked(rows) if self._texts is None else self._texts[rows.start : rows.stop]

    def _unpacked(self, rows: range) -> Iterator[str]:
        digits = self._packed[16 * rows.start : 16 * rows.stop].hex()
        there = self._there[rows.start : rows.stop]
        for place, is_there in enumerate(there):
            yield digits[_DIGITS * place : _DIGITS * (place + 1)] if is_there else ""

    def _copies(self) -> IntArray:
        if self._texts is not None:
            return _copies_of_texts(self._texts, np.flatnonzero(self.usable))
        words = _words(self._packed)
        if not len(words):
            return np.empty(0, dtype=np.int64)
        bits = max(0, (len(words) // _BUCKET).bit_length())
        buckets = (words[:, 0] >> np.uint64(64 - bits)).astype(np.uint16) if bits else np.zeros(len(words), np.uint16)
        buckets[~self.usable] = 1 << 15  # of none
        found = [_copies_of_words(words, np.flatnonzero(buckets == bucket)) for bucket in range(1 << bits)]
        return np.concatenate(found)


class IdPlaces:
    """Where each id stands in a column of different ids.

    Args:
        column: The ids.
    """

    def __init__(self, column: pa.ChunkedArray) -> None:
        ids = ContentIds()
        for chunk in column.chunks:
            for start in range(0, len(chunk), _ROWS):
                ids.extend(chunk.slice(start, _ROWS).to_pylist())
        self._row_of: dict[str, int] | None = None
        if ids._texts is not None:
            self._row_of = {key: row for row, key in enumerate(ids._texts)}
            return
        words = _words(ids._packed)
        high = words[:, 0].astype(np.uint64)
        self._order = np.argsort(high, kind="stable").astype(np.uint32 if len(high) < 1 << 32 else np.int64)
        self._high = high[self._order]
        self._low = words[:, 1].astype(np.uint64)

    def find(self, texts: Sequence[str]) -> IntArray:
        """Return (n,) the places of some ids; -1 of those that are not there."""
        if self._row_of is not None:
            return np.array([self._row_of.get(text, -1) for text in texts], dtype=np.int64)
        found = np.full(len(texts), -1, dtype=np.int64)
        known = [n for n, text in enumerate(texts) if text]
        packed = _pack([texts[n] for n in known])
        if packed is None:  # one of them is no content id, so it is not there
            sound = [n for n in known if _pack([texts[n]]) is not None]
            found[sound] = self.find([texts[n] for n in sound]) if sound else -1
            return found
        if not len(self._order) or not known:
            return found
        words = _words(packed)
        high, low = words[:, 0].astype(np.uint64), words[:, 1].astype(np.uint64)
        places = np.searchsorted(self._high, high)
        numbers = np.array(known)
        while len(numbers):
            inside = places < len(self._high)
            places, high, low, numbers = places[inside], high[inside], low[inside], numbers[inside]
            is_like = self._high[places] == high
            places, high, low, numbers = places[is_like], high[is_like], low[is_like], numbers[is_like]
            rows = self._order[places].astype(np.int64)
            is_it = self._low[rows] == low
            found[numbers[is_it]] = rows[is_it]
            # Others share the first half with an id that is there: the next one may be it.
            places, high, low, numbers = places[~is_it] + 1, high[~is_it], low[~is_it], numbers[~is_it]
        return found


def _pack(texts: Sequence[str]) -> bytes | None:
    """Return ids as bytes, zeros for ""; None where one is no content id."""
    joined = "".join(texts)
    n_there = sum(map(bool, texts))
    if len(joined) != _DIGITS * n_there or not set(map(len, texts)) <= {0, _DIGITS}:
        return None
    try:
        packed = bytes.fromhex(joined)
    except ValueError:
        return None
    if packed.hex() != joined:  # capitals, or blanks
        return None
    if n_there == len(texts):
        return packed
    whole = np.zeros((len(texts), 16), dtype=np.uint8)
    whole[np.fromiter(map(bool, texts), np.bool_, len(texts))] = np.frombuffer(packed, np.uint8).reshape(-1, 16)
    return whole.tobytes()


def _words(packed: bytes | bytearray) -> npt.NDArray[np.void]:
    """Return ids as (n, 2) whole numbers, which sort as the texts do."""
    return np.frombuffer(packed, dtype=">u8").reshape(-1, 2)


def _copies_of_words(words: npt.NDArray[np.void], rows: IntArray) -> IntArray:
    """Return those of some rows whose id an earlier one of them has."""
    if len(rows) < 2:
        return rows[:0]
    high = words[rows, 0].astype(np.uint64)
    order = np.argsort(high, kind="stable")
    rows, high = rows[order], high[order]
    low = words[rows, 1].astype(np.uint64)
    is_like = high[1:] == high[:-1]
    is_copy = is_like & (low[1:] == low[:-1])
    copies: IntArray = rows[1:][is_copy]
    mixed = np.unique(high[1:][is_like & ~is_copy])  # ids that share a half
    if not len(mixed):
        return copies
    is_mixed = np.isin(high, mixed)
    apart = rows[is_mixed]
    texts = [bytes(words[row].tobytes()).hex() for row in apart]
    return np.concatenate(
        [rows[1:][is_copy & ~is_mixed[1:]], _copies_of_texts(dict(zip(apart, texts, strict=True)), apart)]
    )


def _copies_of_texts(texts: Sequence[str] | dict[int, str], rows: IntArray) -> IntArray:
    seen: set[str] = set()
    copies = []
    for row in np.sort(rows).tolist():
        text = texts[row]
        if text in seen:
            copies.append(row)
        seen.add(text)
    return np.array(copies, dtype=np.int64)

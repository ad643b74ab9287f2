"""A taste from scratch: photographs that a person judges, one or two at a time, and the index of what was said."""

from __future__ import annotations

import shlex
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..cells import as_text
from ..encoders.spec import EncoderSpec
from ..errors import AnchorIndexError, DataError, counted
from ..index.anchor_index import AnchorIndex
from ..index.places import find_index, new_index_path
from ..methods.mean import Mean
from ..taste import (
    Agreement,
    agreement_of_pairs,
    agreement_of_ratings,
    build_taste,
    next_pairs,
    next_to_judge,
    ratings_of_pairs,
)
from .folders import check_name
from .judgements import KINDS, MOST_STARS, Judgement, Judgements, pairs_of, stars_of
from .photos import BLOCK, Photos, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ASKED = 2000
"""Photographs that are chosen from; of more, so many are drawn, the same ones each time."""
AHEAD = 5
"""Photographs that are told ahead, so that the next one is there when it is asked for."""


class Said(NamedTuple):
    """What was said of photographs that are there: their rows, ratings and pairs of rows."""

    rows: IntArray
    ratings: DoubleArray
    pairs: list[tuple[int, int]]


class Taste:
    """The judgements of the photographs of an explorer.

    Args:
        photos: The photographs.
        spec: The encoder of their embeddings.
        words: What they are named by in a command.
    """

    def __init__(self, photos: Photos, spec: EncoderSpec, words: Sequence[str]) -> None:
        self._photos = photos
        self._spec = spec
        self._words = words
        folders = photos.files.folders
        self._judgements = Judgements(folders[0]) if folders else None
        self._making = threading.Lock()

    def state(self, kind: str) -> dict[str, Any]:
        """Return what was judged, and what to judge next.

        Args:
            kind: One of `KINDS`.

        Raises:
            DataError: When there is no such kind, no photographs, or judgements cannot be read.
        """
        judgements = self._read(kind)
        rows = self._rows()
        stars = {rows[one]: n for one, n in stars_of(judgements).items() if one in rows}
        pairs = [(rows[a], rows[b], yes) for a, b, yes in pairs_of(judgements) if a in rows and b in rows]
        said = self._said(kind, judgements, rows)
        counts = np.bincount([n for n in stars.values() if n], minlength=MOST_STARS + 1)[1:]
        asked = _Asked(self._photos, list(rows.values()), [*stars, *(row for a, b, _ in pairs for row in (a, b))])
        return {
            "kind": kind,
            "stars": sum(n > 0 for n in stars.values()),
            "pairs": sum(yes for _, _, yes in pairs),
            "passed": sum(n == 0 for n in stars.values()) if kind == "stars" else sum(not yes for _, _, yes in pairs),
            "counts": counts.tolist(),
            "divides": len(said.rows) > 1 and float(np.ptp(said.ratings)) > 0,
            "next": asked.photographs(stars, len(judgements)) if kind == "stars" else asked.two(pairs, len(judgements)),
            "store": as_text(str(self._store.path)),
        }

    def judge(self, kind: str, ids: Sequence[int], stars: int) -> dict[str, Any]:
        """Keep a judgement; it is on the disk when this returns.

        Args:
            kind: "stars" of one photograph, or "pairs", the better one first.
            ids: One photograph, or two.
            stars: 1 to 5, 1 for an answered pair; 0 to pass over.

        Returns:
            As `state`.

        Raises:
            DataError: When there are no such photographs, or it cannot be kept.
        """
        names = {row: content for content, row in self._rows().items()}
        unknown = [number for number in ids if number not in names]
        self._read(kind)
        if unknown or len(set(ids)) != (1 if kind == "stars" else 2):
            raise DataError("these are no photographs to judge", "reload the page")
        if kind == "pairs" and stars > 1:
            raise DataError("a pair has no stars", "say which is better")
        first, second = names[ids[0]], names[ids[1]] if len(ids) > 1 else ""
        self._store.add(Judgement(kind, first, second, stars))
        return self.state(kind)

    def take_back(self, kind: str) -> dict[str, Any]:
        """Take the last judgement of a kind back; return `state`, and "back": the photographs that it was of."""
        self._read(kind)
        one, rows = self._store.take_back(kind), self._rows()
        back = [] if one is None else [rows[name] for name in (one.first, one.second) if name in rows]
        return self.state(kind) | {"back": back}

    def agreement(self, kind: str) -> dict[str, Any]:
        """Say how well what was said is foretold when it is left out (see `qi.taste.Agreement`)."""
        said = self._said(kind, self._read(kind), self._rows())
        found = Agreement("srcc" if kind == "stars" else "share", None, None, None, 0)
        if kind == "stars" and len(said.rows):
            found = agreement_of_ratings(self._photos.embeddings(said.rows.tolist()), said.ratings)
        elif said.pairs:
            place = {row: number for number, row in enumerate(said.rows.tolist())}
            pairs = [(place[a], place[b]) for a, b in said.pairs]
            found = agreement_of_pairs(self._photos.embeddings(said.rows.tolist()), pairs)
        return {"what": found.what, "value": found.value, "low": found.low, "high": found.high, "n": found.n}

    def make(self, kind: str, name: str) -> dict[str, Any]:
        """Make the index of what was said, anew where it is of a part of these photographs already.

        Args:
            kind: Which judgements.
            name: Its name.

        Returns:
            Where it lies, its anchors, and the commands to go on with.

        Raises:
            DataError: When the name leads elsewhere, or judgements do not divide.
            AnchorIndexError: When an index of other photographs has that name, or it cannot be written.
        """
        check_name(name)
        said = self._said(kind, self._read(kind), self._rows())
        if len(said.rows) < 2:
            raise DataError(f"{counted(len(said.rows), 'photograph is', 'photographs are')} judged", "judge some more")
        contents = [self._photos.content[row].decode() for row in said.rows]
        paths = [str(Path(self._photos.files.paths[row]).absolute()) for row in said.rows]
        with self._making:
            index = build_taste(
                name,
                paths,
                self._photos.embeddings(said.rows.tolist()),
                said.ratings,
                spec=self._spec,
                ids=contents,
                score_range=(1, MOST_STARS) if kind == "stars" else None,
                overwrite=_is_part(name, contents),
            ).index
        photos = " ".join(shlex.quote(as_text(word)) for word in self._words)
        return {
            "name": index.name,
            "path": as_text(index.place),
            "n_good": index.manifest.n_good,
            "n_bad": index.manifest.n_bad,
            "score": f"quasar-index score {photos} --index {shlex.quote(index.name)}",
            "explore": f"quasar-index explore {photos} --index {shlex.quote(index.name)}",
        }

    def scores(self, name: str) -> dict[str, Any]:
        """Score all photographs that are embedded by an index of that name, as `quasar-index score --index` does.

        Returns:
            "score": one for each photograph that is done, in their order; None where it has none.

        Raises:
            DataError: When the name leads elsewhere, or the index is of another encoder.
            AnchorIndexError: When there is none.
        """
        check_name(name)
        index = AnchorIndex.open(new_index_path(name))
        if index.manifest.encoder != self._spec:
            raise DataError(f"index '{name}' is of another encoder", "start again with it: --index")
        fitted = Mean().fit(index.anchors())
        photos = self._photos
        found: list[float | None] = []
        n = photos.n_done
        for first in range(0, n, BLOCK):
            rows = range(first, min(n, first + BLOCK))
            known = [row for row in rows if row not in photos.errors]
            scores = np.full(len(rows), np.nan)
            if known:
                scores[np.array(known) - first] = fitted.score(photos.embeddings(known)).score
            found += plain(scores)
        return {"name": index.name, "score": found}

    def close(self) -> None:
        """Close the file of judgements."""
        if self._judgements is not None:
            self._judgements.close()

    @property
    def _store(self) -> Judgements:
        if self._judgements is None:
            raise DataError("there are no photographs to judge", "name them: quasar-index explore PHOTOS")
        return self._judgements

    def _read(self, kind: str) -> list[Judgement]:
        if kind not in KINDS:
            raise DataError(f"there are no judgements of '{kind}'", f"it is {' or '.join(KINDS)}")
        return [one for one in self._store.read() if one.kind == kind]

    def _rows(self) -> dict[str, int]:
        """Return the row of each content that is embedded; of several with one content the first."""
        photos = self._photos
        found: dict[str, int] = {}
        for row, content in enumerate(photos.content[: photos.n_done].tolist()):
            if content and row not in photos.errors:
                found.setdefault(content.decode(), row)
        return found

    def _said(self, kind: str, judgements: Sequence[Judgement], rows: dict[str, int]) -> Said:
        if kind == "stars":
            stars = {rows[one]: n for one, n in stars_of(judgements).items() if n and one in rows}
            return Said(np.array(list(stars), np.int64), np.array(list(stars.values()), np.float64), [])
        pairs = [(rows[a], rows[b]) for a, b, yes in pairs_of(judgements) if yes and a in rows and b in rows]
        if not pairs:
            return Said(np.zeros(0, np.int64), np.zeros(0), [])
        known, places = np.unique(np.array(pairs), return_inverse=True)
        return Said(known, ratings_of_pairs(places.reshape(-1, 2), len(known)), pairs)


class _Asked:
    """What to ask for: among at most `MOST_ASKED` photographs, those that were judged with them."""

    def __init__(self, photos: Photos, rows: list[int], judged: Sequence[int]) -> None:
        drawn = rows
        if len(rows) > MOST_ASKED:
            drawn = np.random.default_rng(0).permutation(rows)[:MOST_ASKED].tolist()
        self._rows = list(dict.fromkeys([*judged, *drawn]))
        self._place = {row: place for place, row in enumerate(self._rows)}
        self._embeddings: FloatArray = photos.embeddings(self._rows)

    def photographs(self, stars: dict[int, int], n_said: int) -> list[int]:
        judged = [self._place[row] for row, n in stars.items() if n]
        passed = [self._place[row] for row, n in stars.items() if not n]
        ratings = [n for n in stars.values() if n]
        if not self._rows:
            return []
        found = next_to_judge(self._embeddings, judged, ratings, n=AHEAD, passed_over=passed, seed=n_said)
        return [self._rows[place] for place in found]

    def two(self, pairs: Sequence[tuple[int, int, bool]], n_said: int) -> list[list[int]]:
        if len(self._rows) < 2:
            return []
        said, passed = (
            [(self._place[a], self._place[b]) for a, b, answered in pairs if answered == wanted]
            for wanted in (True, False)
        )
        found = next_pairs(self._embeddings, said, n=AHEAD, passed_over=passed, seed=n_said)
        # Left and right by turns: the first of two is the new one.
        turned = [pair if (n_said + turn) % 2 else pair[::-1] for turn, pair in enumerate(found)]
        return [[self._rows[place] for place in pair] for pair in turned]


def _is_part(name: str, contents: Sequence[str]) -> bool:
    """Whether the index of that name, if there is one where it goes, holds no other photographs than these."""
    try:
        path = find_index(new_index_path(name))
    except AnchorIndexError:
        return False
    ids: BoolArray = np.isin(AnchorIndex.open(path).anchors().ids, np.array([one.encode() for one in contents]))
    return bool(ids.all())

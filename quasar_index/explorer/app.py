"""The routes of an explorer's page: JSON, pictures and the page itself; see `safety.py` for who may ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import QuasarError
from ..threads import n_cores
from .explorer import Explorer
from .marks import Mark
from .pictures import SIDES, THUMB

PAGE = Path(__file__).parent / "page"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
MOST_IMAGE = 64 << 20
MOST_JSON = 8 << 20
"""Bytes of a question: marks of 100,000 photographs are one."""
_KEPT = "private, max-age=86400, immutable"


def make_app(explorer: Explorer) -> Starlette:
    """Return the application of an explorer, for whoever may ask."""
    return Starlette(routes=_Routes(explorer).routes(), exception_handlers={HTTPException: _say, QuasarError: _say})


class RefusedError(QuasarError):
    """A request that is answered with another status than 422."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status


class _Routes:
    """The routes; what takes long runs in threads, pictures in a few at a time."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._decoding = asyncio.Semaphore(max(2, min(4, n_cores())))
        self._explaining = asyncio.Semaphore(2)
        self._judging = asyncio.Semaphore(1)

    def routes(self) -> list[Route]:
        """Return them."""
        from .anchor_routes import anchor_routes  # which answers by what is below

        return [
            Route("/", self._page),
            Route("/page/{name}", self._page),
            Route("/thumb/{number:int}", self._thumb),
            Route("/photo/{number:int}", self._photo),
            Route("/anchor/{row:int}", self._anchor),
            Route("/api/state", self._state),
            Route("/api/photos", self._photos),
            Route("/api/bursts", self._bursts),
            Route("/api/marks", self._marks),
            Route("/api/marks", self._mark, methods=["POST"]),
            Route("/api/undo", self._undo, methods=["POST"]),
            Route("/api/explain/{number:int}", self._explain),
            Route("/api/images", self._add, methods=["POST"]),
            Route("/api/taste/{kind}", self._taste),
            Route("/api/taste/{kind}/agreement", self._agreement),
            Route("/api/taste/{kind}/scores", self._taste_scores),
            Route("/api/taste/{kind}/{what}", self._judge, methods=["POST"]),
            Route("/api/export", self._export, methods=["POST"]),
            Route("/api/export.csv", self._table),
            Route("/api/export.parquet", self._table),
            *anchor_routes(self._explorer.anchor_view, self._check_run),
        ]

    async def _page(self, request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        # By what lies there, not by the path that was asked for.
        found = {one.name: one for one in PAGE.glob("*.*") if one.suffix in KINDS}.get(name)
        if found is None:
            raise RefusedError(404, f"the page has no part '{name}'", "reinstall quasar-index")
        return Response(await run_in_threadpool(found.read_bytes), media_type=KINDS[found.suffix])

    async def _state(self, _: Request) -> Response:
        return await as_json(self._explorer.state)

    async def _photos(self, request: Request) -> Response:
        first = as_number(request, "from", 0)
        if not 0 <= first <= len(self._explorer.photos):
            raise RefusedError(404, f"there is no row {first}", "reload the page")
        return await as_json(lambda: self._explorer.rows(first))

    async def _bursts(self, _: Request) -> Response:
        found = self._explorer.photos.burst
        if found is None:
            raise RefusedError(404, "bursts are not known before all photographs are scored", "ask again later")
        return await as_json(lambda: {"burst": found.tolist()})

    async def _marks(self, _: Request) -> Response:
        return await as_json(lambda: _states(self._explorer.marks.read()))

    async def _mark(self, request: Request) -> Response:
        self._check_run(request)
        asked = await question(request, {"ids": list, "mark": str, "stars": int})
        ids = asked.get("ids")
        if not isinstance(ids, list) or not all(type(one) is int for one in ids):
            raise RefusedError(422, "ids are no list of numbers", "give the ids of photographs")
        return await as_json(
            lambda: _states(self._explorer.mark(ids, mark=asked.get("mark"), stars=asked.get("stars")))
        )

    async def _undo(self, request: Request) -> Response:
        self._check_run(request)
        return await as_json(lambda: _states(self._explorer.marks.undo()))

    async def _explain(self, request: Request) -> Response:
        number = request.path_params["number"]
        async with self._explaining:
            return await as_json(lambda: self._explorer.explain(number))

    async def _add(self, request: Request) -> Response:
        data = await _body(request, MOST_IMAGE)
        name = unquote(request.headers.get("x-name", "")).rpartition("/")[2] or "PHOTO"
        async with self._explaining:
            return await as_json(lambda: self._explorer.explain(self._explorer.add(data, name)))

    async def _thumb(self, request: Request) -> Response:
        return await self._picture(request, lambda: self._explorer.picture(request.path_params["number"], THUMB))

    async def _photo(self, request: Request) -> Response:
        side = as_number(request, "side", SIDES[0])
        if side not in SIDES:
            raise RefusedError(
                422, f"there are no pictures of {side} pixels", f"ask for {' or '.join(map(str, SIDES))}"
            )
        return await self._picture(request, lambda: self._explorer.picture(request.path_params["number"], side))

    async def _anchor(self, request: Request) -> Response:
        version = as_number(request, "version", 0) or None
        row = request.path_params["row"]
        return await self._picture(request, lambda: self._explorer.anchor_picture(row, THUMB, version))

    async def _picture(self, request: Request, make: Callable[[], bytes | None]) -> Response:
        async with self._decoding:
            if await request.is_disconnected():  # it was scrolled past
                return Response(status_code=499)
            try:
                made = await run_in_threadpool(make)
            except QuasarError as error:
                raise RefusedError(404, error.message, error.hint) from None
        if made is None:
            raise RefusedError(404, "there is no picture of it", "its file cannot be read any more")
        is_of_run = request.query_params.get("run") == self._explorer.run_id
        return Response(made, media_type="image/jpeg", headers={"cache-control": _KEPT if is_of_run else "no-store"})

    def _check_run(self, request: Request) -> None:
        """Refuse a page that was made before this start: its ids are other photographs."""
        if request.headers.get("x-run", self._explorer.run_id) != self._explorer.run_id:
            raise RefusedError(409, "the explorer was started again", "reload the page")

    async def _taste(self, request: Request) -> Response:
        async with self._judging:
            return await as_json(lambda: self._explorer.taste.state(request.path_params["kind"]))

    async def _agreement(self, request: Request) -> Response:
        async with self._judging:
            return await as_json(lambda: self._explorer.taste.agreement(request.path_params["kind"]))

    async def _taste_scores(self, request: Request) -> Response:
        async with self._judging:
            return await as_json(lambda: self._explorer.taste.scores(request.query_params.get("name", "")))

    async def _judge(self, request: Request) -> Response:
        self._check_run(request)
        asked = await question(request, {"ids": list, "stars": int, "name": str})
        ids, taste, kind = asked.get("ids") or [], self._explorer.taste, request.path_params["kind"]
        if not all(type(one) is int for one in ids):
            raise RefusedError(422, "ids are no list of numbers", "give the ids of photographs")
        make = {
            "judge": lambda: taste.judge(kind, ids, asked.get("stars") or 0),
            "undo": lambda: taste.take_back(kind),
            "index": lambda: taste.make(kind, asked.get("name") or ""),
        }.get(request.path_params["what"])
        if make is None:
            raise RefusedError(404, "there is no such thing here", "reload the page")
        async with self._judging:
            return await as_json(make)

    async def _export(self, request: Request) -> Response:
        self._check_run(request)
        asked = await question(request, {"what": str, "only": str, "xmp_name": str, "folder": str})
        more = {name: asked[name] for name in ("xmp_name", "folder") if asked.get(name) is not None}
        return await as_json(
            lambda: asdict(self._explorer.export(asked.get("what") or "", asked.get("only") or "picks", **more))
        )

    async def _table(self, request: Request) -> Response:
        format_ = request.url.path.rpartition(".")[2]
        only: Any = request.query_params.get("only", "picks")
        made = await run_in_threadpool(self._explorer.table, only, format_)
        kind = "text/csv; charset=utf-8" if format_ == "csv" else "application/vnd.apache.parquet"
        named = f'attachment; filename="quasar-index-{only}.{format_}"'
        return Response(made, headers={"content-type": kind, "content-disposition": named})


def _states(marks: dict[int, Mark]) -> dict[str, Any]:
    return {"marks": {str(number): {"mark": one.mark, "stars": one.stars} for number, one in marks.items()}}


async def as_json(make: Callable[[], Any]) -> Response:
    """Answer what something makes."""
    # In a thread, also the text: a block of rows takes 20 ms.
    made = await run_in_threadpool(lambda: json.dumps(make(), allow_nan=False, separators=(",", ":")))
    return Response(made, media_type="application/json")


def as_number(request: Request, name: str, default: int) -> int:
    """Return a number of the address."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise RefusedError(422, f"{name} is no number", "give a whole number")
    return int(text)


async def _body(request: Request, most: int) -> bytes:
    """Read a question, and stop where it is too large."""
    why = RefusedError(413, f"it is larger than {most >> 20} MB", "send less at once")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most:
        raise why
    data = bytearray()
    try:
        async for part in request.stream():
            data += part
            if len(data) > most:
                raise why
    except ClientDisconnect:
        raise RefusedError(400, "it broke off", "send it again") from None
    return bytes(data)


async def question(request: Request, kinds: dict[str, type]) -> dict[str, Any]:
    """Read a question of JSON: an object of such members, or null for none of one."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, "it is no JSON", "send application/json")
    try:
        found = json.loads(await _body(request, MOST_JSON))
    except (ValueError, RecursionError):
        raise RefusedError(422, "it is no JSON", "send application/json") from None
    if not isinstance(found, dict):
        raise RefusedError(422, "it is no object", "reload the page")
    if odd := [name for name in found if name not in kinds]:
        raise RefusedError(422, f"there is nothing called '{odd[0]}' in it", "reload the page")
    for name, value in found.items():
        if value is not None and type(value) is not kinds[name]:
            raise RefusedError(422, f"{name} is of another type", "reload the page")
    return found


async def _say(_: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        status, text = error.status_code, "there is no such thing here" if error.status_code == 404 else error.detail
    else:
        status = error.status if isinstance(error, RefusedError) else 422
        text = str(error)
    headers = {"connection": "close"} if status == 413 else {}
    return Response(json.dumps({"error": text}), status, headers, media_type="application/json")

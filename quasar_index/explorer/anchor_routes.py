"""The routes of the view of anchors; see `anchor_view.py` for what they do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .anchor_view import AnchorView, StaleError
from .app import RefusedError, as_json, as_number, question


def anchor_routes(view: AnchorView, check_run: Callable[[Request], None]) -> list[Route]:
    """Return the routes of a view of anchors.

    Args:
        view: The view.
        check_run: Refuses a page of an earlier start.
    """

    async def state(_: Request) -> Response:
        return await _answer(view.state)

    async def colour(request: Request) -> Response:
        version, by = as_number(request, "version", 0), request.query_params.get("by", "side")
        return await _answer(lambda: view.colour(version, by))

    async def rows(request: Request) -> Response:
        version, text = as_number(request, "version", 0), request.query_params.get("rows", "")
        parts = text.split(",") if text else []
        if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
            raise RefusedError(422, "rows are no numbers", "give whole numbers")
        return await _answer(lambda: {"rows": view.rows(version, list(map(int, parts)))})

    async def write(request: Request) -> Response:
        check_run(request)
        asked = await question(request, {"version": int, "remove": list, "ratings": list, "sides": list})
        parts = {name: asked.get(name) or [] for name in ("remove", "ratings", "sides")}
        for _, value in filter(lambda one: isinstance(one, list) and len(one) == 2, parts["ratings"]):
            if type(value) not in (int, float) or not math.isfinite(value):
                raise RefusedError(422, "a rating is no number", "give a number")
        return await _answer(lambda: view.write(asked.get("version") or 0, **parts))

    async def restore(request: Request) -> Response:
        check_run(request)
        asked = await question(request, {"version": int, "to": int})
        return await _answer(lambda: view.restore(asked.get("version") or 0, asked.get("to") or 0))

    return [
        Route("/api/anchors", state),
        Route("/api/anchors/colour", colour),
        Route("/api/anchors/rows", rows),
        Route("/api/anchors/write", write, methods=["POST"]),
        Route("/api/anchors/restore", restore, methods=["POST"]),
    ]


async def _answer(make: Callable[[], Any]) -> Response:
    try:
        return await as_json(make)
    except StaleError as error:
        raise RefusedError(412, error.message, error.hint) from None

"""A run of a plan by workers of a Ray cluster: which of them does which shard, and what becomes of one that dies."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AnchorIndexError, DataError, EncoderError, QuasarError, first_line
from .inputs import Inputs, digest_of
from .job import Job
from .pieces import Piece, write_piece
from .ray_worker import Hello, own_version
from .shard_task import DIED, ShardTask

WAIT = 1.0
"""Seconds between two looks at workers that say nothing."""
LOOK = 5.0
"""Seconds between two looks at the nodes."""
PATIENCE = 10.0
"""Seconds in which a node is seen to have left, before a row is blamed for the last death of its worker."""
NO_ROOM = 30.0
"""Seconds without any worker after which that is said."""
FALSE_STARTS = 5
"""Workers that may die in a row while they start."""
_GO_ON = "the same command goes on where it stopped"
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Member:
    """A worker as this process knows it: what it is waited for by, and what it does (`hello` while it starts)."""

    actor: Any
    waits: Any
    does: str = "hello"
    node: str = ""
    host: str = ""
    task: ShardTask | None = None
    place: int = 0


class Run:
    """A run of a plan: which worker does which shard."""

    def __init__(
        self,
        ray: Any,
        job: Job[Any],
        inputs: Inputs,
        folder: Path,
        start: Callable[[], tuple[Any, Any]],
        n_workers: int,
        on_rows: Callable[[int], None],
        on_runtime: Callable[[str], None],
        on_piece: Callable[[Piece], None],
    ) -> None:
        self._ray, self._job, self._inputs, self._folder = ray, job, inputs, folder
        self._start, self._n_workers = start, n_workers
        self._on_rows, self._on_runtime, self._on_piece = on_rows, on_runtime, on_piece
        self._runtime = job.runtime
        self._is_chosen = bool(self._runtime)
        self._choices = 0
        self._members: list[_Member] = []
        self._tasks: deque[ShardTask] = deque()
        self._n_left = 0
        self._n_owed = 0
        self._n_false_starts = 0
        self._began = self._looked = time.monotonic()
        self._has_begun = False

    def do(self, shards: Sequence[range]) -> None:
        """Do shards."""
        self._tasks.extend(map(ShardTask, shards))
        self._n_left = len(shards)
        if self._runtime:
            self._on_runtime(self._runtime)
        while self._n_left:
            while len(self._members) < min(self._n_workers, self._n_left):
                self._members.append(_Member(*self._start()))
            self._hand_out()
            waits = {member.waits: member for member in self._members if member.waits is not None}
            ready, _ = self._ray.wait(list(waits), num_returns=1, timeout=WAIT, fetch_local=False)
            for one in ready:
                self._answer(waits[one])
            self._look()

    def close(self) -> None:
        """End the workers."""
        for member in self._members:
            with contextlib.suppress(Exception):
                self._ray.kill(member.actor)

    def _hand_out(self) -> None:
        """Give something to do to each worker that has nothing."""
        for member in self._members:
            if member.waits is not None or not self._tasks:
                continue
            if not self._is_chosen:
                if not any(other.does == "choose" for other in self._members):
                    # A row that kills its worker here must not do so for ever.
                    rows = list(self._inputs.rows(self._tasks[0].shard)) if self._choices == 0 else []
                    self._choices += 1
                    member.does, member.waits = "choose", member.actor.choose_runtime.remote(rows)
                continue
            member.task = task = self._tasks.popleft()
            task.rows = task.rows or list(self._inputs.rows(task.shard))
            if task.is_careful:
                self._next_row(member, task)
            else:
                do = member.actor.do.options(num_returns="streaming")
                member.does, member.waits = "do", do.remote(task.shard.start, task.rows, self._runtime)

    def _answer(self, member: _Member) -> None:
        """Take what a worker answers."""
        ray, what, task = self._ray, member.does, member.task
        try:
            value = ray.get(next(member.waits) if what == "do" else member.waits)
        except StopIteration:
            raise AnchorIndexError(f"the folder of the plan '{self._folder}' has gone", "run it again") from None
        except ray.exceptions.RayTaskError as error:
            raise _cause(error, member) from error
        except ray.exceptions.RayError as error:
            self._lost(member, error)
            return
        if what == "do" and not isinstance(value, Piece):
            assert task is not None  # noqa: S101 - for the type checker
            task.n_told += value
            self._count(value)
            return
        member.waits, member.does = None, ""
        if what == "hello":
            self._greet(member, value)
        elif what == "choose":
            self._is_chosen, self._runtime = True, value
            if value:
                self._job.fix_runtime(value)
                self._on_runtime(value)
        elif what == "row":
            assert task is not None  # noqa: S101
            task.results[member.place] = value
            task.n_told += 1
            self._count(1)
            self._next_row(member, task)
        else:
            self._has_done(member, value)

    def _greet(self, member: _Member, hello: Hello) -> None:
        """Look whether a worker that has started can work.

        Raises:
            QuasarError: When it cannot.
        """
        member.host = hello.host
        member.node = hello.node
        self._has_begun, self._n_false_starts = True, 0
        if hello.version != own_version():
            raise DataError(
                f"'{hello.host}' has quasar-index {hello.version}, and this machine {own_version()}",
                "install the same version on all machines",
            )
        if not hello.sees_folder:
            raise AnchorIndexError(
                f"'{hello.host}' cannot see or write the folder of the plan, '{self._folder.resolve()}'",
                "put it on a file system that all machines share, at the same place",
            )
        if hello.error:
            raise EncoderError(f"a worker on '{hello.host}' cannot start: {hello.error}", hello.hint)

    def _next_row(self, member: _Member, task: ShardTask) -> None:
        """Let a worker do the next row of a shard that goes row by row; the last one is followed by its piece."""
        place = task.next_row()
        if place is not None:
            member.does, member.place = "row", place
            member.waits = member.actor.do_row.remote(task.rows[place], self._runtime)
            return
        packed = self._job.pack(task.shard.start, task.in_order())
        state = digest_of(self._inputs.states(task.rows))
        self._has_done(member, write_piece(self._folder, task.shard, packed, state, self._job.ending))

    def _has_done(self, member: _Member, piece: Piece) -> None:
        member.task, member.waits, member.does = None, None, ""
        self._n_left -= 1
        self._on_piece(piece)

    def _count(self, n: int) -> None:
        """Report rows as done, but none twice that a worker had done before it died."""
        paid = min(n, self._n_owed)
        self._n_owed -= paid
        if n > paid:
            self._on_rows(n - paid)

    def _lost(self, member: _Member, error: Any) -> None:
        """Let another worker do what one had to do that has died, or whose node has left (without an error)."""
        self._members.remove(member)
        with contextlib.suppress(Exception):
            self._ray.kill(member.actor)
        if getattr(error, "actor_init_failed", False):
            raise DataError(f"no worker can start ({_telling(error)})", "install the same on all machines")
        has_left = error is None or self._has_left(member, error)
        text = "its node has left" if has_left else first_line(error)
        _log.info("a worker on '%s' has died (%s)", member.host, text)
        if member.does == "hello" and not has_left:
            self._n_false_starts += 1
            if self._n_false_starts >= FALSE_STARTS:
                raise DataError(f"workers die while they start ({_telling(error)})", f"mend that; {_GO_ON}")
        if (task := member.task) is None:
            return
        self._tasks.appendleft(task)
        if not task.is_careful:
            self._n_owed += task.n_told
            task.n_told = 0
            task.is_careful = not has_left
        elif not has_left and self._is_to_blame(task, member):
            failed = self._job.failed(task.rows[member.place], DIED)
            task.results[member.place] = failed
            _log.warning("%s: %s", task.rows[member.place][1], DIED)
            self._count(1)

    def _is_to_blame(self, task: ShardTask, member: _Member) -> bool:
        """Whether a row has killed its workers once too often, and no node that left has done so."""
        if not task.note_death(member.place, member.node):
            return False
        until = time.monotonic() + PATIENCE
        deaths = task.aside[member.place]
        while self._alive().issuperset(deaths) and time.monotonic() < until:
            time.sleep(WAIT)
        task.aside[member.place] = [node for node in deaths if node in self._alive()]
        return len(task.aside[member.place]) == len(deaths)

    def _has_left(self, member: _Member, error: Any) -> bool:
        """Whether a worker has died because its node has left."""
        if isinstance(error, self._ray.exceptions.ActorUnavailableError) or getattr(error, "preempted", False):
            return True
        return "node has died" in str(error) or bool(member.node and member.node not in self._alive())

    def _alive(self) -> set[str]:
        return {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}

    def _look(self) -> None:
        """See now and then whether the nodes are still there, and whether there is any worker at all."""
        now = time.monotonic()
        if now - self._looked < LOOK:
            return
        self._looked = now
        alive = self._alive()
        for member in [one for one in self._members if one.node and one.node not in alive]:
            self._lost(member, None)
        if not self._has_begun and now - self._began > NO_ROOM:
            self._has_begun = True
            _log.warning("the cluster has had no room for a worker for %.0f s: waiting", now - self._began)


def _cause(error: Any, member: _Member) -> BaseException:
    """Return what a worker has raised, as the error that this process would have raised in its place."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, (QuasarError, OSError)):
        return cause
    return DataError(f"a worker on '{member.host}' failed ({_telling(error)})", f"mend that; {_GO_ON}")


def _telling(error: Any) -> str:
    """Return the line of an error of Ray's, which quotes a whole traceback, that says what it was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if line.split(":")[0].endswith(("Error", "Exception"))]
    return (named or lines or [type(error).__name__])[-1][:160]

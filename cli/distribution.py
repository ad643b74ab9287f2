"""Options of all that can be done by many machines: who does the shards of a plan."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Annotated, Any

import typer

import quasar_index as qi

from .idle import Idle
from .options import Embedding

_PANEL = "Many machines"


class Where(str, Enum):
    """Who does the shards."""

    local = "local"
    ray = "ray"


@dataclass(frozen=True)
class Distribution:
    """Who does the shards of a plan, and how large they are."""

    distribution: Annotated[
        Where,
        typer.Option(help="ray: by workers of a Ray cluster (pip install -e '.\\[ray]').", rich_help_panel=_PANEL),
    ] = Where.local
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Workers of --distribution ray; default: what the cluster can hold.", rich_help_panel=_PANEL
        ),
    ] = None
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Address of the cluster; default: the one that this machine belongs to, else one is started here "
            "('local': always).",
            rich_help_panel=_PANEL,
        ),
    ] = None
    shard_rows: Annotated[
        int | None,
        typer.Option(
            min=1, help="Images of a shard, which is what a crash costs; default: 1024.", rich_help_panel=_PANEL
        ),
    ] = None

    @property
    def is_ray(self) -> bool:
        """Whether workers of a cluster do them."""
        return self.distribution is Where.ray

    def of_workers(self, encoder: Any, embedding: Embedding, n_images: int) -> Any:
        """Return an encoder as workers load it: on their device, which this machine need not have."""
        how: dict[str, Any] = {
            "device": embedding.device, "precision": embedding.precision.value, "n_images": n_images,
        }  # fmt: skip
        return qi.encoders.LazyEncoder(encoder.spec, **how)

    @property
    def running(self) -> dict[str, Any]:
        """What a plan is run with."""
        executor = qi.plans.RayExecutor(self.workers, self.address) if self.is_ray else None
        return {"executor": executor, "shard_rows": self.shard_rows}


DISTRIBUTION = tuple(one.name for one in fields(Distribution))
IDLE = (
    Idle(("workers", "address"), lambda given: given["distribution"] is not Where.ray, "it is for --distribution ray"),
)

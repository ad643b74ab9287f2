"""Plans: images -> shards of a plan -> pieces on the disk, by an executor in this process or by Ray on many machines.

A plan is a folder: `plan.json` says what is done, and each piece is a file of results with a sidecar that says which
rows it holds. A piece counts when its sidecar is there and its file is whole. So the same command goes on after any
interruption: it does the rows that no piece holds. A worker that dies costs its shard, and the driver costs nothing.
"""

from .executor import Executor, LocalExecutor, executor_of
from .ray_executor import RayExecutor

__all__ = ["Executor", "LocalExecutor", "RayExecutor", "executor_of"]

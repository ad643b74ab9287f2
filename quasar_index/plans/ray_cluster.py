"""Joining a Ray cluster, or starting one on this machine that leaves nothing behind."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DataError, first_line

STORE_BYTES = 256 << 20
"""Shared memory of the object store of a cluster that is started here."""
_ADDRESS = "RAY_ADDRESS"
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_LEAN = {"RAY_prestart_worker_first_driver": "0", "RAY_local_fs_capacity_threshold": "0.99"}
"""No processes that nobody asked for; and a disk that is nearly full holds nobody up: next to nothing is written."""
STARTS = 3
"""Times that a cluster of our own is started, where it does not come up."""
_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Ray's switch: 0 lets the services of a cluster listen at 127.0.0.1 alone, as it does where there is no cluster."""
_LONGEST = 40
"""Most characters of the name of a temporary folder: a socket's whole name has 107 at most."""
_log = logging.getLogger(__name__)


@contextmanager
def connected(address: str | None, n_cpus: int | None) -> Iterator[Any]:
    """Offer the module `ray`, connected to a cluster.

    Args:
        address: HOST:PORT; None for the cluster that this machine belongs to, else one that is started, and stopped;
            "local" always for that one.
        n_cpus: Of a cluster that is started here; None for those of this machine.

    Raises:
        DataError: When Ray is not installed, or the cluster cannot be joined or started.
    """
    ray = _module()
    if ray is not None and ray.is_initialized():
        yield ray
        return
    address = None if address == "local" else address or found_address()
    with _environment(address), contextlib.ExitStack() as stack:
        ray = _imported()
        stack.enter_context(_quiet(ray))
        options: dict[str, Any] = {
            "log_to_driver": False, "logging_level": logging.CRITICAL, "configure_logging": False,
        }  # fmt: skip
        if address is None:
            own = stack.enter_context(_own_folder())
            stack.enter_context(_at_loopback(ray))
            options |= {"address": "local", "num_cpus": n_cpus or own_cores(), "include_dashboard": False}
            options |= {"object_store_memory": STORE_BYTES, "_temp_dir": str(own), "_node_ip_address": "127.0.0.1"}
        else:
            if "://" in address:
                raise DataError(
                    f"'{address}' is an address of Ray's client", "run the command on a machine of the cluster"
                )
            _check_answers(address)
            options["address"] = address
        stack.callback(_stop, ray)
        with _own_signals(), warnings.catch_warnings():
            # LanceDB warns of forks; Ray's are followed by another program at once.
            warnings.filterwarnings("ignore", message=".*fork support.*")
            if address is None:
                _start(ray, options)
            else:
                _join(ray, options)
        yield ray


def _start(ray: Any, options: dict[str, Any]) -> None:
    """Start a cluster; on a busy machine, where Ray waits for its own processes in vain, once more."""
    for attempt in range(1, STARTS + 1):
        try:
            ray.init(**options)
            return
        except Exception as error:  # Ray raises anything
            _log.info("Ray has not started (%s)", first_line(error))
            with contextlib.suppress(Exception):
                ray.shutdown()
            _end_children(options["_temp_dir"])
            if attempt == STARTS:
                raise DataError(
                    f"no Ray cluster could be started here ({first_line(error)})",
                    "run it again when the machine is less busy, or use --distribution local",
                ) from error


def _join(ray: Any, options: dict[str, Any]) -> None:
    try:
        ray.init(**options)
    except Exception as error:
        raise DataError(
            f"the cluster at '{options['address']}' could not be joined ({first_line(error)})",
            "the same Python and Ray must be on all machines, and its token in $RAY_AUTH_TOKEN; or --address local",
        ) from error


def _end_children(folder: str) -> None:
    """End what a start that failed has left of its processes."""
    with contextlib.suppress(Exception):  # Ray brings psutil along
        psutil = importlib.import_module("psutil")
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if any(folder in word for word in process.cmdline()):
                    process.kill()


def found_address() -> str | None:
    """Return the address of the cluster that this machine belongs to: that of the environment, or of `ray start`."""
    if given := os.environ.get(_ADDRESS):
        return None if given == "local" else given
    folder = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - where Ray has it
    try:
        address = Path(folder, "ray", "ray_current_cluster").read_text(encoding="utf-8").strip()
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=2).close()
    except (OSError, ValueError):
        return None
    return address


def own_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_answers(address: str) -> None:
    """Raise a DataError where nobody answers at an address: Ray itself tries for half a minute."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    mend = "check --address, or start the cluster by 'ray start --head'"
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except ValueError:
        raise DataError(f"'{address}' is no address of a cluster", "give HOST:PORT, such as 10.0.0.1:6379") from None
    except OSError as error:
        raise DataError(f"no Ray cluster answers at '{address}' ({error.strerror or error})", mend) from None


def _module() -> Any:
    import sys

    return sys.modules.get("ray")


def _imported() -> Any:
    try:
        import ray
    except ImportError:
        raise DataError("many machines need Ray, which is not installed", "pip install -e '.[ray]'") from None
    return ray


@contextmanager
def _environment(address: str | None) -> Iterator[None]:
    """Set what Ray reads from the environment, for the time that it is needed.

    A cluster of our own gets a token that exists nowhere but in the environment of its processes: by itself, Ray would
    write one into the home folder.
    """
    wanted = dict(_QUIET)
    if address is None:
        wanted |= _LEAN | {_LOOPBACK: "0", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    before = {name: os.environ.get(name) for name in (*wanted, "RAY_AUTH_MODE")}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        with contextlib.suppress(Exception):  # of Ray's own, and not in every version
            inner = importlib.import_module("ray._raylet")
            inner.AuthenticationTokenLoader.instance().reset_cache()
            inner.Config.initialize("")


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Offer a temporary folder for Ray's sockets and logs, and remove it; also those that a killed process left."""
    place = tempfile.gettempdir()
    if len(place) > _LONGEST:
        place = "/tmp"  # noqa: S108
    for left in Path(place).glob("quasar-ray-*-*"):
        number = left.name.split("-")[2]
        if number.isdigit() and not _is_running(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"quasar-ray-{os.getpid()}-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    if os.name == "nt":  # where there is no such question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def _quiet(ray: Any) -> Iterator[None]:
    """Let Ray say nothing: what matters of it, the executor says. For some of its lines Ray has no switch."""
    log = logging.getLogger("ray")
    level = log.level
    log.setLevel(logging.CRITICAL)
    worker: Any = getattr(ray._private, "worker", None)
    before = getattr(worker, "print_to_stdstream", None)
    if before is not None:
        worker.print_to_stdstream = lambda *_, **__: None
    try:
        yield
    finally:
        log.setLevel(level)
        if before is not None:
            worker.print_to_stdstream = before


@contextmanager
def _at_loopback(ray: Any) -> Iterator[None]:
    """Let the services listen at 127.0.0.1 alone, also where Ray has been imported before that was asked for."""
    constants: Any = getattr(ray._private, "ray_constants", None)
    before = getattr(constants, "ENABLE_RAY_CLUSTER", None)
    if before is None:
        yield
        return
    constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what this process does on SIGTERM: Ray's start sets its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(ray: Any) -> None:
    """Leave the cluster; one that was started here ends. A second Ctrl-C waits for that."""
    with contextlib.suppress(Exception):
        ray.shutdown()

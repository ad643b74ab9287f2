"""The explorer: a page on this machine to look at photographs, cull them, and see why each has its score."""

from .command import Command
from .explorer import Explorer
from .marks import Mark
from .serving import Address, check_server, serving

__all__ = ["Address", "Command", "Explorer", "Mark", "check_server", "serving"]

"""How a file's turn ended, and who is told while it lasts."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from potrun.fetch.catalogue import RemoteFile


class State(Enum):
    """How a file's turn ended."""

    FETCHED = "fetched"
    PRESENT = "already here"
    UNCONFIRMED = "already here, the server could not confirm it"
    ABSENT = "not on the server"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """What became of one file; `is_at_odds` says that a table and the label here contradict each other."""

    file: RemoteFile
    state: State
    reason: str = ""
    is_at_odds: bool = False

    @property
    def is_there(self) -> bool:
        """True if the file stands under its final name."""
        return self.state in (State.FETCHED, State.PRESENT, State.UNCONFIRMED)


class Listener(Protocol):
    """Who wants to know how a transfer goes on."""

    def expect(self, file: RemoteFile, left_bytes: int) -> None:
        """So many bytes of the file are still to come."""

    def received(self, file: RemoteFile, n_bytes: int) -> None:
        """So many more have come."""

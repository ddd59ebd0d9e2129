"""Politeness towards a server: all its transfers wait when it asks for it, and none goes on when it is gone."""

import asyncio
import time

from potrun.fetch.faults import RefusedFault

FILES_LOST_IN_A_ROW = 4
"""After so many files given up one after the other, with none served between, a server is not asked again."""


class Host:
    """What is known of one server during this download."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._not_before = 0.0
        self._lost_in_a_row = 0
        self._last_loss = ""

    def hold(self, seconds: float) -> None:
        """Let nobody ask this server for so long."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    async def ready(self) -> None:
        """Wait until the server may be asked.

        Raises
        ------
        RefusedFault
            If too many files were lost to it.
        """
        while (pause := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        if self._lost_in_a_row >= FILES_LOST_IN_A_ROW:
            raise RefusedFault(
                f"not tried, {self.name} failed {self._lost_in_a_row} files in a row ({self._last_loss})"
            )

    def served(self) -> None:
        """Note that the server works."""
        self._lost_in_a_row = 0

    def lost(self, reason: str) -> None:
        """Note that a file was given up."""
        self._lost_in_a_row += 1
        self._last_loss = reason

"""What can go wrong with one file, sorted by what to do about it."""


class RetryableFault(Exception):  # noqa: N818 - a fault is part of a transfer's life, only some become errors
    """Worth another try: the connection, or a server that is busy.

    `wait_s` is set by a server that is too busy for anybody: the seconds it asked for, 0 if it named none.
    """

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class ContentFault(RetryableFault):
    """All bytes came, but they are not the file that was asked for."""


class LabelFault(ContentFault):
    """A table and its label contradict each other."""


class AbsentFault(Exception):  # noqa: N818
    """The server has no such file."""


class RefusedFault(Exception):  # noqa: N818
    """No further try can help: the answer is not acceptable."""


class EndlessFault(RefusedFault):
    """More bytes come than such a file can have; what came is worth nothing."""

"""A lock that lets one thread in at a time, and does not keep what holds it from being copied."""

import threading
from types import TracebackType


class Mutex:
    """Lets one thread in at a time, the one that is in as often as it likes; a copy of it is another, open one.

    >>> import copy
    >>> with Mutex() as mine, copy.deepcopy(mine):
    ...     pass
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> "Mutex":
        self._lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type["Mutex"], tuple[()]]:
        return Mutex, ()

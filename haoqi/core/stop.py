"""A stop signal: whoever watches a run asks it to end, from any thread, and it ends in order as by Ctrl-C."""

import threading

from haoqi.core.events import Advanced, Event, Listen


class StopRequested(KeyboardInterrupt):
    """A run was asked to end: whoever ends in order on Ctrl-C does so here, and nobody who catches errors takes it."""


class Stop:
    """A request that a run end. It is passed in, may come from any thread, and stays once it was made.

    >>> stop = Stop()
    >>> stop.requested
    False
    >>> stop.request()
    >>> stop.requested
    True
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        """Ask the run to end: work under way ends where it next reports how far it has come."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether the run was asked to end."""
        return self._event.is_set()

    def check(self) -> None:
        """Go on, unless the run was asked to end.

        Raises:
            StopRequested: if it was.
        """
        if self.requested:
            raise StopRequested

    def heard_by(self, listen: Listen) -> Listen:
        """Return a listener that raises StopRequested where work reports how far it has come after the request."""

        def hear(event: Event) -> None:
            if isinstance(event, Advanced):
                self.check()
            listen(event)

        return hear

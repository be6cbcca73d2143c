"""What is known of a run while it works: events gathered, for whoever draws them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from haoqi.core.events import Advanced, Clock, Event, Note, Released, Stage, Tried, Trying


@dataclass
class Board:
    """The state of one run, as far as its events tell."""

    name: str
    """Under which it will be released."""
    now: Callable[[], float] = time.monotonic
    stage: Stage | None = None
    trying: Trying | None = None
    advanced: Advanced | None = None
    clock: Clock | None = None
    released: Released | None = None
    tried: list[Tried] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    champion: int | None = None
    """Number of the champion's experiment."""
    _since: dict[str, float] = field(default_factory=dict)

    def tell(self, event: Event) -> None:
        """Take in an event."""
        self._since[type(event).__name__] = self.now()
        match event:
            case Stage():
                self.stage, self.trying, self.advanced = event, None, None
            case Trying():
                self.trying, self.advanced = event, None
            case Advanced():
                self.advanced = event
            case Tried():
                self.tried.append(event)
                self.trying = self.advanced = None
                self.champion = event.number if event.champion else self.champion
            case Note():
                self.notes.append(event)
            case Clock():
                self.clock = event
            case Released():
                self.released = event

    @property
    def metric(self) -> str | None:
        """Name of the metric that decides, once an experiment told it."""
        return self.tried[-1].metric if self.tried else None

    @property
    def spent(self) -> float:
        """Seconds spent, the time since the last word of the clock included."""
        return self.clock.spent_seconds + self.since("Clock") if self.clock else 0.0

    def since(self, kind: str) -> float:
        """Return the seconds since the last event of a kind; 0 if there was none."""
        return self.now() - self._since.get(kind, self.now())

    def leaders(self) -> list[Tried]:
        """Return the experiments that have a score: the champion, then the best first."""
        scored = [one for one in self.tried if one.score is not None]
        return sorted(scored, key=lambda one: (one.number != self.champion, -(one.merits[1] or 0.0), one.number))

"""The compiled form of a release: what was measured when it was chosen, and a predictor that computes in it.

<release>/compiled/compiled.json   what was measured, on which machine, and the files with their sizes and hashes
<release>/compiled/<form>/         the files of the form that was chosen, or of those that make a cascade

The master beside it stays as it is. Whatever speaks against the compiled form, the master answers.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from haoqi.core import folder as folders
from haoqi.core import hardware
from haoqi.core.errors import UserError
from haoqi.core.mutex import Mutex
from haoqi.core.say import say
from haoqi.models import seals
from haoqi.models.compile.cascade import Cascade, Deferred, Doubt, Margins
from haoqi.models.compile.form import Block, Compilable, Compute, Floats, Glance, forms, threads_here
from haoqi.models.predictor import Predictor

FORMAT = 3
FOLDER, CARD = "compiled", "compiled.json"
MASTER = "torch"
"""What computes where no form was chosen, and, in a cascade, may answer last."""
THEN = "+"
"""Stands between the looks of a cascade."""
REACH = ":"
"""Stands between the name of a form and how many pieces of a text it is shown at most."""

INSTALL = 'pip install "haoqi[fast]"'
# How far an answer to the probe may be from what it was when the form was chosen, as a share of the largest number:
# bf16 on one machine and fp32 on another differ by less, a wrong product by more.
_STRAY = 0.1
_APART = ("format", "forms", "doubt", "doubts", "probe")  # of a card, what is read otherwise than it stands there


@dataclass(frozen=True)
class Measured:
    """One form, as it was measured on the machine that chose."""

    verdict: str
    """"chosen", or why it was not."""
    texts_per_second: float | None = None
    """None: it could not be timed."""
    latency_ms: float | None = None
    """Of one text, the middle of some; of a cascade, what is to be expected of its parts."""
    unchanged: float | None = None
    """Share of the judges whose answer is the master's; None: it was not judged."""
    score: float | None = None
    """Of the judges, in the task's first metric."""
    seconds: float | None = None
    """That compiling took."""
    megabytes: float | None = None
    """That its files take."""


@dataclass(frozen=True)
class Compiled:
    """What was measured for a release, and which form was chosen."""

    chosen: str | None
    """None: nothing was faster and answered alike; torch computes.

    A cascade is called by all of its looks, the quickest first: "onnx_int8+onnx", or "onnx_int8:64+torch", where
    eight bits are shown the first 64 pieces and the master answers what is in doubt.
    """
    forms: Mapping[str, Measured]
    """The master under "torch", and every form that is known."""
    metric: str
    """The task's first."""
    judges: int
    """How many labelled texts it was judged on."""
    machine: str
    """`hardware.machine()` where it was measured."""
    threads: int
    versions: Mapping[str, str]
    """Of the libraries that took part."""
    seconds: float
    """That all of this took."""
    created: str
    """ISO 8601 in UTC."""
    probe: Mapping[str, Any] = field(default_factory=dict)
    """Whether the network is told word shapes, and what each form that computes made of the probe."""
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Each file of the forms that compute with its size and hash."""
    doubts: tuple[Doubt, ...] = ()
    """Of a cascade: when each look but the last asks the next one."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The looks that compute, the quickest first: none, one, or those of a cascade."""
        return tuple(self.chosen.split(THEN)) if self.chosen else ()

    @property
    def computing(self) -> tuple[str, ...]:
        """The names of the forms that compute, each once; the master, which is none, is left out."""
        names = (part.partition(REACH)[0] for part in self.parts)
        return tuple(name for name in dict.fromkeys(names) if name != MASTER)

    @property
    def reach(self) -> int | None:
        """Pieces of a text that the first look is shown at most; None: all."""
        reach = self.parts[0].partition(REACH)[2] if self.parts else ""
        return int(reach) if reach else None

    @property
    def times_faster(self) -> float:
        """How many times as many texts the chosen form answers in a second as the master."""
        speeds = [self.forms[name].texts_per_second for name in (self.chosen or MASTER, MASTER)]
        return float(speeds[0] / speeds[1]) if speeds[0] and speeds[1] else 1.0

    @property
    def words(self) -> str:
        """What was chosen, on one line."""
        if self.chosen is None:
            return say("compiled.none", master=MASTER)
        unchanged = self.forms[self.chosen].unchanged or 0.0
        facts = {"form": self.chosen, "times": self.times_faster, "unchanged": unchanged}
        if not self.doubts:
            return say("compiled.chosen", **facts)
        return say("compiled.again", share=self.doubts[0].share, **facts)


def read(folder: Path) -> Compiled | None:
    """Return what was measured for the release in a folder; None if it was never compiled.

    Raises:
        UserError: if the card is damaged, or a newer Haoqi wrote it.
    """
    path = folder / FOLDER / CARD
    if not path.is_file():
        return None
    plain = folders.read_json(path)
    try:
        if plain["format"] > FORMAT:
            raise UserError(f"{path} was written by a newer version", "pip install -U haoqi")
        measured = {name: Measured(**found) for name, found in plain["forms"].items()}
        doubts = plain["doubts"] if plain["format"] > 2 else [plain["doubt"]] if plain.get("doubt") else []
        probe = plain["probe"]
        if plain["format"] == 1 and probe:  # there was one form, and its name was not repeated
            probe = {**probe, "gives": {plain["chosen"]: probe["gives"]}}
        rest = {name: value for name, value in plain.items() if name not in _APART}
        return Compiled(forms=measured, doubts=tuple(Doubt(**one) for one in doubts), probe=probe, **rest)
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is damaged", _again(folder)) from None


def quickened(predictor: Predictor, folder: Path, margins: Margins) -> Predictor:
    """Return a predictor that computes in the form that was chosen for its release, or itself if it cannot.

    Args:
        predictor: the master, as it was loaded.
        folder: the release's.
        margins: of its model, by which a cascade knows what is doubtful.
    """
    with suppress(Exception):  # the master answers whatever is the matter here; `check` says what it is
        found = check(folder)
        if found is not None and found.chosen is not None and isinstance(predictor, Compilable):
            opening = cache(lambda name: _opened(predictor, name, found, folder))
            mutex = Mutex()
            looks = [_deferred(predictor, part, opening, mutex) for part in found.parts]
            return looks[0].open() if len(looks) == 1 else cascaded(looks, found.doubts, margins)
    return predictor


def assembled(
    predictor: Compilable,
    opened: Mapping[str, Compute],
    parts: Sequence[str],
    *,
    doubts: Sequence[Doubt],
    margins: Margins,
) -> Predictor:
    """Return a predictor that computes in some looks, the quickest first, each but the last with its doubt.

    Args:
        predictor: the master.
        opened: forms by name.
        parts: the looks, as `Compiled.parts` has them.
        doubts: when each look but the last asks the next one.
        margins: by which a look knows what is doubtful.
    """
    return cascaded([_look(predictor, part, opened.__getitem__) for part in parts], doubts, margins)


def cascaded(looks: Sequence[Predictor], doubts: Sequence[Doubt], margins: Margins) -> Predictor:
    """Return looks as one predictor, each but the last with the doubt in which it asks the next one."""
    *looks, last = looks
    for quick, doubt in zip(reversed(looks), reversed(doubts), strict=True):
        last = Cascade(quick, last, margins, doubt)
    return last


def check(folder: Path, read_up_to: int = seals.READ_AT_LOAD) -> Compiled | None:
    """Return what was measured for a release, after a look that its compiled form can be used here.

    Elsewhere than where it was chosen only forms in floating point are trusted: a cascade is then its last look alone.

    Args:
        folder: the release's.
        read_up_to: larger files of the forms are checked by their size alone.

    Raises:
        UserError: if it cannot, so that torch computes in its place, with the reason and what to do.
    """
    found = read(folder)
    if found is None or found.chosen is None:
        return found
    if found.machine != hardware.machine() and not all(_form(name).exact for name in found.computing):
        faithful = found.parts[-1]
        if faithful == MASTER or not _form(faithful).exact:
            raise UserError(f"{found.chosen} was chosen on another machine, which rounds otherwise", _again(folder))
        found = replace(found, chosen=faithful, doubts=())
    for name in found.computing:
        if find_spec(_form(name).library) is None:
            raise UserError(f"{name} needs the library {_form(name).library}, which is not installed", INSTALL)
    seals.check(folder / FOLDER, found.files, read_up_to, _again(folder))
    return found


def write(folder: Path, compiled: Compiled) -> None:
    """Write the card of a release's compiled form."""
    folders.write_json(folder / CARD, {"format": FORMAT, **asdict(compiled)})


def probe(told: bool) -> Block:
    """Return the first pieces of any vocabulary as one text, by which a form is known again."""
    ids = np.arange(1, 9)[None]
    return Block(ids, np.ones_like(ids), np.zeros_like(ids) if told else None)


def answer_to(compute: Compute, block: Block) -> Floats:
    """Return the first numbers of what a form makes of one block, shape (64,) or fewer."""
    return next(iter(compute([block]))).astype(np.float32).ravel()[:64]


def look(name: str, compute: Compute, reach: int | None) -> tuple[str, Compute]:
    """Return how a look by a form is called, and what computes it."""
    return (name, compute) if reach is None else (f"{name}{REACH}{reach}", Glance(compute, reach))


def _deferred(predictor: Compilable, part: str, opening: Callable[[str], Compute], mutex: Mutex) -> Deferred:
    return Deferred(predictor, lambda: _look(predictor, part, opening), mutex)


def _look(predictor: Compilable, part: str, opening: Callable[[str], Compute]) -> Predictor:
    """Return one look of a cascade, or a form that computes alone."""
    name, _, reach = part.partition(REACH)
    if name == MASTER:
        return predictor
    return predictor.computed_by(look(name, opening(name), int(reach) if reach else None)[1])


def _opened(predictor: Compilable, name: str, found: Compiled, folder: Path) -> Compute:
    form: Any = forms.build(name)
    compute: Compute = form.open(folder / FOLDER / name, threads_here(), partial(predictor.graph, lean=True))
    now, then = answer_to(compute, probe(found.probe["told"])), np.array(found.probe["gives"][name], np.float32)
    if now.shape != then.shape or np.abs(now - then).max() > _STRAY * np.abs(then).max():
        raise UserError(f"{name} answers otherwise than when it was chosen", _again(folder))
    return compute


def _form(name: str) -> Any:
    return forms.get(name)


def _again(folder: Path) -> str:
    """Return what to type so that a release is compiled here."""
    card = folder / "release.json"
    plain = folders.read_json(card) if card.is_file() else {}
    name = f"{plain['name']}@{plain['version']}" if {"name", "version"} <= plain.keys() else str(folder)
    return f"haoqi compile {name}"

"""The compiled form of a release: what was measured when it was chosen, and a predictor that computes in it.

<release>/compiled/compiled.json   what was measured, on which machine, and the files with their sizes and hashes
<release>/compiled/<form>/         the files of the form that was chosen, or of the stages of a cascade

The weights beside it stay as they are. Wherever the compiled form cannot be used, the uncompiled model answers.
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
from haoqi.models import checksums
from haoqi.models.compile.cascade import Cascade, DeferralRule, LazyStage, Margins
from haoqi.models.compile.form import Block, Compilable, Compute, Floats, TruncatedPass, count_threads, forms
from haoqi.models.predictor import Predictor

FORMAT = 3
FOLDER, CARD = "compiled", "compiled.json"
UNCOMPILED = "torch"
"""The uncompiled model: it computes where no form was chosen, and may be the last stage of a cascade."""
STAGE_SEPARATOR = "+"
"""Stands between the stages of a cascade."""
LENGTH_SEPARATOR = ":"
"""Stands between the name of a form and the most tokens of a text that it reads."""

INSTALL = 'pip install "haoqi[fast]"'
# How far an answer to the probe may be from what it was when the form was chosen, as a share of the largest number:
# bf16 on one machine and fp32 on another differ by less, a wrong product by more.
_TOLERANCE = 0.1
_CONVERTED = ("format", "forms", "doubt", "doubts", "probe")  # keys of a card whose values are converted when read
_KEYS = {"example_count": "judges", "deferral_rules": "doubts"}  # fields that have another key in a card


@dataclass(frozen=True)
class Measured:
    """One form, as it was measured on the machine that chose."""

    verdict: str
    """"chosen", or why it was not."""
    texts_per_second: float | None = None
    """None: it could not be timed."""
    latency_ms: float | None = None
    """Of a single text, the median of some; of a cascade, the expected value."""
    unchanged: float | None = None
    """Share of the compile examples with the uncompiled model's answer; None: it was not compared."""
    score: float | None = None
    """On the compile examples, in the task's first metric."""
    seconds: float | None = None
    """That compiling took."""
    megabytes: float | None = None
    """That its files take."""


@dataclass(frozen=True)
class Compiled:
    """What was measured for a release, and which form was chosen."""

    chosen: str | None
    """None: nothing was faster and answered alike; torch computes.

    A cascade is named by its stages, the fastest first: "onnx_int8+onnx", or "onnx_int8:64+torch", where eight bits
    read the first 64 tokens and the uncompiled model answers the texts with a small confidence margin.
    """
    forms: Mapping[str, Measured]
    """The uncompiled model under "torch", and every form that is known."""
    metric: str
    """The task's first."""
    example_count: int
    """How many labelled texts the answers were compared on."""
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
    """Whether the network takes word shapes ("told"), and what each form gives for the probe ("gives")."""
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Each file of the forms that compute with its size and hash."""
    deferral_rules: tuple[DeferralRule, ...] = ()
    """Of a cascade: when each stage but the last defers to the next one."""

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that compute, the fastest first: none, one, or those of a cascade."""
        return tuple(self.chosen.split(STAGE_SEPARATOR)) if self.chosen else ()

    @property
    def form_names(self) -> tuple[str, ...]:
        """The names of the forms that compute, each once; the uncompiled model, which is none, is left out."""
        names = (stage.partition(LENGTH_SEPARATOR)[0] for stage in self.stages)
        return tuple(name for name in dict.fromkeys(names) if name != UNCOMPILED)

    @property
    def first_stage_tokens(self) -> int | None:
        """The most tokens of a text that the first stage reads; None: all."""
        tokens = self.stages[0].partition(LENGTH_SEPARATOR)[2] if self.stages else ""
        return int(tokens) if tokens else None

    @property
    def times_faster(self) -> float:
        """How many times as many texts the chosen form answers in a second as the uncompiled model."""
        speeds = [self.forms[name].texts_per_second for name in (self.chosen or UNCOMPILED, UNCOMPILED)]
        return float(speeds[0] / speeds[1]) if speeds[0] and speeds[1] else 1.0

    @property
    def words(self) -> str:
        """What was chosen, on one line."""
        if self.chosen is None:
            return say("compiled.none", form=UNCOMPILED)
        unchanged = self.forms[self.chosen].unchanged or 0.0
        facts = {"form": self.chosen, "times": self.times_faster, "unchanged": unchanged}
        if not self.deferral_rules:
            return say("compiled.chosen", **facts)
        return say("compiled.cascade", share=self.deferral_rules[0].share, **facts)


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
        rules = plain["doubts"] if plain["format"] > 2 else [plain["doubt"]] if plain.get("doubt") else []
        probe = plain["probe"]
        if plain["format"] == 1 and probe:  # there was one form, and its name was not repeated
            probe = {**probe, "gives": {plain["chosen"]: probe["gives"]}}
        fields = {key: name for name, key in _KEYS.items()}
        rest = {fields.get(key, key): value for key, value in plain.items() if key not in _CONVERTED}
        deferral_rules = tuple(DeferralRule(**one) for one in rules)
        return Compiled(forms=measured, deferral_rules=deferral_rules, probe=probe, **rest)
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is damaged", _recompile_hint(folder)) from None


def load_compiled(predictor: Predictor, folder: Path, margins: Margins) -> Predictor:
    """Return a predictor that computes in the form that was chosen for its release, or itself if it cannot.

    Args:
        predictor: the uncompiled one, as it was loaded.
        folder: the release's.
        margins: of its model, by which a cascade defers texts.
    """
    with suppress(Exception):  # the uncompiled predictor answers whatever is the matter here; `check` says what it is
        found = check(folder)
        if found is not None and found.chosen is not None and isinstance(predictor, Compilable):
            opening = cache(lambda name: _open_form(predictor, name, found, folder))
            mutex = Mutex()
            stages = [_make_lazy(predictor, stage, opening, mutex) for stage in found.stages]
            return stages[0].open() if len(stages) == 1 else chain_stages(stages, found.deferral_rules, margins)
    return predictor


def assemble(
    predictor: Compilable,
    computes: Mapping[str, Compute],
    stages: Sequence[str],
    *,
    deferral_rules: Sequence[DeferralRule],
    margins: Margins,
) -> Predictor:
    """Return a predictor that computes in some stages, the fastest first, each but the last with its deferral rule.

    Args:
        predictor: the uncompiled one.
        computes: forms by name.
        stages: as `Compiled.stages` has them.
        deferral_rules: when each stage but the last defers to the next one.
        margins: by which a stage defers texts.
    """
    return chain_stages([_load_stage(predictor, one, computes.__getitem__) for one in stages], deferral_rules, margins)


def chain_stages(stages: Sequence[Predictor], deferral_rules: Sequence[DeferralRule], margins: Margins) -> Predictor:
    """Return stages as one predictor, each but the last with the rule by which it defers to the next one."""
    *earlier, last = stages
    for stage, rule in zip(reversed(earlier), reversed(deferral_rules), strict=True):
        last = Cascade(stage, last, margins, rule)
    return last


def check(folder: Path, read_up_to: int = checksums.READ_AT_LOAD) -> Compiled | None:
    """Return what was measured for a release, after checking that its compiled form can be used here.

    On another machine than the one that chose, only forms in floating point are trusted: of a cascade, the last stage
    then computes alone.

    Args:
        folder: the release's.
        read_up_to: larger files of the forms are checked by their size alone.

    Raises:
        UserError: if it cannot, so that torch computes in its place, with the reason and what to do.
    """
    found = read(folder)
    if found is None or found.chosen is None:
        return found
    if found.machine != hardware.machine() and not all(_get_form(name).exact for name in found.form_names):
        faithful = found.stages[-1]
        if faithful == UNCOMPILED or not _get_form(faithful).exact:
            raise UserError(
                f"{found.chosen} was chosen on another machine, which rounds otherwise", _recompile_hint(folder)
            )
        found = replace(found, chosen=faithful, deferral_rules=())
    for name in found.form_names:
        if find_spec(_get_form(name).library) is None:
            raise UserError(f"{name} needs the library {_get_form(name).library}, which is not installed", INSTALL)
    checksums.check(folder / FOLDER, found.files, read_up_to, _recompile_hint(folder))
    return found


def write(folder: Path, compiled: Compiled) -> None:
    """Write the card of a release's compiled form."""
    plain = {_KEYS.get(name, name): value for name, value in asdict(compiled).items()}
    folders.write_json(folder / CARD, {"format": FORMAT, **plain})


def probe(word_shapes: bool) -> Block:
    """Return the first tokens of any vocabulary as one text, for which a form must always give the same."""
    ids = np.arange(1, 9)[None]
    return Block(ids, np.ones_like(ids), np.zeros_like(ids) if word_shapes else None)


def answer_to(compute: Compute, block: Block) -> Floats:
    """Return the first numbers of what a form gives for one block, shape (64,) or fewer."""
    return next(iter(compute([block]))).astype(np.float32).ravel()[:64]


def truncate(name: str, compute: Compute, max_tokens: int) -> tuple[str, Compute]:
    """Return the name of a stage in which a form reads the beginning of each text, and what computes it."""
    return f"{name}{LENGTH_SEPARATOR}{max_tokens}", TruncatedPass(compute, max_tokens)


def _make_lazy(predictor: Compilable, stage: str, opening: Callable[[str], Compute], mutex: Mutex) -> LazyStage:
    return LazyStage(predictor, lambda: _load_stage(predictor, stage, opening), mutex)


def _load_stage(predictor: Compilable, stage: str, opening: Callable[[str], Compute]) -> Predictor:
    """Return one stage of a cascade, or a form that computes alone."""
    name, _, max_tokens = stage.partition(LENGTH_SEPARATOR)
    if name == UNCOMPILED:
        return predictor
    compute = opening(name)
    return predictor.with_compute(truncate(name, compute, int(max_tokens))[1] if max_tokens else compute)


def _open_form(predictor: Compilable, name: str, found: Compiled, folder: Path) -> Compute:
    form: Any = forms.build(name)
    compute: Compute = form.open(folder / FOLDER / name, count_threads(), partial(predictor.graph, lean=True))
    now, then = answer_to(compute, probe(found.probe["told"])), np.array(found.probe["gives"][name], np.float32)
    if now.shape != then.shape or np.abs(now - then).max() > _TOLERANCE * np.abs(then).max():
        raise UserError(f"{name} answers otherwise than when it was chosen", _recompile_hint(folder))
    return compute


def _get_form(name: str) -> Any:
    return forms.get(name)


def _recompile_hint(folder: Path) -> str:
    """Return what to type so that a release is compiled here."""
    card = folder / "release.json"
    plain = folders.read_json(card) if card.is_file() else {}
    name = f"{plain['name']}@{plain['version']}" if {"name", "version"} <= plain.keys() else str(folder)
    return f"haoqi compile {name}"

"""Continued pretraining and pretraining from scratch: from plain text to a base of one's own.

Masked language modelling (Devlin et al., 2019, arXiv:1810.04805) on texts of the kind that a task is about ("Don't stop
pretraining": Gururangan et al., 2020, arXiv:2004.10964). It pays where the texts are far from what the base has read
and labels are few; where they are not, its loss falls and the task gains nothing, so whether it paid is for a paired
test.
"""

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from haoqi.core import folder as folders
from haoqi.core import seeds
from haoqi.core.errors import UserError
from haoqi.core.events import Advanced, Clock, Listen, Note, Stage, Trying, silent
from haoqi.core.folder import locked, read_json, write_json
from haoqi.core.ledger import Ledger
from haoqi.core.say import Sentence, say
from haoqi.data.preparing.languages import language_shares
from haoqi.data.reading.all_texts import read_all_texts
from haoqi.data.reading.source_names import name_of
from haoqi.data.settings import DataSettings
from haoqi.models.bases import Base, BaseCard, bases, choose, load_tokenizer, made_of, own_folder, resolve
from haoqi.pretraining.corpus import Corpus, corpus_of
from haoqi.pretraining.keep import keep
from haoqi.pretraining.measure import bits_of, perplexity, surprise_at
from haoqi.pretraining.scratch import start_base
from haoqi.pretraining.settings import SCRATCH, PretrainSettings
from haoqi.pretraining.train import CAUSAL, Setup, mask_token, prepare, train_all, train_head

# Seconds that keeping a base takes, about, and after how many it is remembered what was spent.
_SAVING, _REMEMBERED = 3.0, 5.0


@dataclass(frozen=True)
class Pretrained:
    """A base that was made, and what it learnt."""

    name: str
    """As `--base` takes it."""
    folder: Path
    facts: Mapping[str, Any]
    """Texts, steps, and the losses before and after with their intervals; see `docs/decisions/models.md`."""
    new: bool = True
    """False: it had been made before."""


def pretrain(
    source: Any,
    settings: PretrainSettings,
    data: DataSettings,
    listen: Listen = silent,
    *,
    home: Path | None = None,
) -> Pretrained:
    """Let a base go on learning from plain text, or a new one begin, and keep it among the bases of the home.

    The same pretraining taken up again goes on where it was. Rows with a label are left out where the column of labels
    is named: a model that is tuned later may be tested on them.

    Args:
        source: a folder of any files, a file, a data set, a sample, or a list of texts.
        settings: which base, for how long, how.
        data: how the source is read.
        listen: receives every event.
        home: the folder that holds runs/, bases/ and cache/; None: HAOQI_HOME.

    Raises:
        UserError: if the source, the settings or the base do not allow it, or the name is taken.
    """
    begun = time.perf_counter()
    home = home or folders.home()
    cache = folders.cache(home)
    if settings.name is not None:
        _check_name(settings.name)
    base = None if settings.scratch or settings.base is None else _base(settings.base, cache)
    listen(Stage("reading", data.source))
    corpus = corpus_of(read_all_texts(source, data), settings.held_out, settings.seed)
    for line in corpus.notes:
        listen(Note(line))
    texts = {"train": len(corpus.train), "watched": len(corpus.watched), "measured": len(corpus.measured)}
    listen(Note(say("pretrain.texts", **texts)))
    if base is None and not settings.scratch:
        base = _base(choose(language_shares(corpus.train)), cache)
    name = _name(settings, base, data)
    identity = _identity(settings, base, corpus)
    facts: dict[str, Any] = {"identity": identity, "from": base.name if base else "", "texts": texts}
    facts |= {"source": corpus.source, "settings": _plain(settings)}
    folder = own_folder(name, cache)
    if (known := _known(folder, name, identity, settings)) is not None:
        listen(Note(say("pretrain.known", name=name)))
        return known
    work = folders.runs(home) / f"pretrain-{name}" / identity
    with locked(work):
        if settings.fresh:
            _clear(work)
        ledger, run = Ledger(work / "ledger.sqlite"), f"pretrain-{name}/{identity}"
        if not ledger.entries(run, "begin"):
            ledger.add(run, "begin", facts)
        sitting = Sitting(work, settings, listen, begun)
        setup, learnt = _learn(sitting, base, corpus)
        listen(Stage("keeping", name))
        keep(setup, folder, _card(name, setup, corpus, learnt), {**facts, **learnt, "seconds": round(sitting.spent, 1)})
        ledger.add(run, "base", {**facts, **learnt}, {"seconds": sitting.spent})
        ledger.close()
    return Pretrained(name, folder, made_of(folder))


@dataclass
class Sitting:
    """The time of a pretraining over all its sittings, and whoever looks on."""

    work: Path
    settings: PretrainSettings
    listen: Listen
    begun: float
    before: float = 0.0
    """Seconds that earlier sittings spent."""
    told: float = 0.0

    def __post_init__(self) -> None:
        file = self.work / "state.json"
        if file.is_file():
            self.before = float(read_json(file)["spent_seconds"])
            self.listen(Note(say("pretrain.resumed", seconds=self.before)))

    @property
    def spent(self) -> float:
        """Seconds spent so far."""
        return self.before + time.perf_counter() - self.begun

    @property
    def left(self) -> float:
        """Seconds that are left; one at least, in which a step is taken."""
        return max(1.0, 60 * self.settings.minutes - self.spent - _SAVING)

    @property
    def clock(self) -> Clock:
        """How much of the time is spent, as an event."""
        return Clock(self.spent, 60 * self.settings.minutes, 0, None)

    def report(self, share: float, note: str) -> None:
        """Pass on how far a training is, and remember now and then what was spent."""
        facts = note.facts if isinstance(note, Sentence) else {}
        held = facts.get("score")
        told = {"epoch": facts.get("epoch", 1), "loss": facts.get("loss", "")}
        key = "pretrain.progress" if held is None else "pretrain.progress_held"
        self.listen(Advanced(share, say(key, **told) if held is None else say(key, held=str(held).lstrip("-"), **told)))
        self.listen(self.clock)
        if self.spent - self.told > _REMEMBERED:
            self.told = self.spent
            write_json(self.work / "state.json", {"spent_seconds": round(self.spent, 1)})


def _learn(sitting: Sitting, base: Base | None, corpus: Corpus) -> tuple[Setup, dict[str, Any]]:
    """Return a model after its pretraining, and what was measured before and after."""
    settings, listen = sitting.settings, sitting.listen
    listen(Stage("preparing", say("pretrain.preparing")))
    listen(sitting.clock)
    start = base or start_base(corpus.train, settings, sitting.work / "start")
    both = base is None or bool(made_of(start.folder).get("causal"))
    setup = prepare(start, corpus, settings, causal=CAUSAL if both else 0.0)
    listen(Stage("training"))
    listen(Note(say("pretrain.tokens", count=int(setup.train.windows.lengths.sum()), kept=len(setup.vocabulary.kept))))
    if base is not None and not setup.has_head:
        seconds = settings.head_share * sitting.left
        listen(Trying(1, say("pretrain.head"), say("pretrain.head.why"), seconds))
        train_head(setup, sitting.work, seconds, sitting.report)
    first = time.perf_counter()
    before = surprise_at(setup.model, setup.measured, setup.placement)
    once = time.perf_counter() - first
    if base is not None:
        listen(Note(say("pretrain.before", loss=before.mean, perplexity=perplexity(before.mean))))
    seconds = max(1.0, sitting.left - 2 * once)
    listen(Trying(2, say("pretrain.all"), say("pretrain.all.why"), seconds))
    outcome = train_all(setup, sitting.work, seconds, sitting.report)
    after = surprise_at(setup.model, setup.measured, setup.placement)
    rng = seeds.generator(settings.seed, "interval")
    facts: dict[str, Any] = {
        "causal": setup.train.causal,
        "steps": outcome.steps,
        "ended": outcome.ended,
        "loss": [after.mean, *after.interval(rng)],
    }
    if base is not None:
        facts |= {"loss_before": [before.mean, *before.interval(rng)], "fall": list(before.less(after, rng))}
    if setup.train.causal:
        facts |= bits_of(setup, corpus, rng)
    return setup, facts


def _base(name: str, cache: Path) -> Base:
    """Return the base of a name, which is to learn on.

    Raises:
        UserError: if it is not here, writes rather than reads, or knows no mask.
    """
    base = resolve(name, cache, download=True)
    if base.card.kind != "encoder":
        raise UserError(say("pretrain.decoder", name=base.name), say("pretrain.decoder.hint"))
    if mask_token(load_tokenizer(base)) is None:
        raise UserError(say("pretrain.no_mask", name=base.name), say("pretrain.decoder.hint"))
    return base


def _name(settings: PretrainSettings, base: Base | None, data: DataSettings) -> str:
    """Return what the new base is called.

    Raises:
        UserError: if that cannot be a name, or is one of the bases that come as packages.
    """
    usual = f"{Path(base.name).name if base else 'scratch'}-{name_of(data.source)}"
    return _check_name(settings.name or usual)


def _check_name(name: str) -> str:
    """Return a name that a new base may have."""
    folders.check_name(name)
    if name in (*bases.names(), SCRATCH):
        raise UserError(say("pretrain.name_taken", name=name), say("pretrain.name_taken.hint"))
    return name


def _identity(settings: PretrainSettings, base: Base | None, corpus: Corpus) -> str:
    """Return a short name that is the same for the same pretraining on the same texts, however long it may take."""
    text = json.dumps([corpus.fingerprint, base.fingerprint if base else "", _plain(settings)], sort_keys=True)
    return sha256(text.encode()).hexdigest()[:12]


def _plain(settings: PretrainSettings) -> dict[str, Any]:
    """Return the settings that decide what is learnt; those of size where there is a base already are none."""
    sized = () if settings.scratch else ("layers", "width", "pieces")
    free = {"name", "minutes", "fresh", "base", "from_scratch", *sized}
    return {key: value for key, value in asdict(settings).items() if key not in free}


def _known(folder: Path, name: str, identity: str, settings: PretrainSettings) -> Pretrained | None:
    """Return the base that this very pretraining made before.

    Raises:
        UserError: if another one has made a base of this name.
    """
    if settings.fresh or not folder.exists():
        return None
    made = made_of(folder)
    if made.get("identity") == identity:
        return Pretrained(name, folder, made, new=False)
    raise UserError(say("pretrain.name_taken", name=name), say("pretrain.name_taken.hint"))


def _clear(work: Path) -> None:
    """Remove what earlier sittings left, their ledger apart."""
    for one in work.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        elif one.name in ("state.json", "head.safetensors"):
            one.unlink()


def _card(name: str, setup: Setup, corpus: Corpus, learnt: dict[str, Any]) -> BaseCard:
    """Return the card of the new base."""
    count, mean = f"{len(corpus.train):,}", learnt["loss"][0]
    if "loss_before" in learnt:
        fall = f"loss at hidden words {learnt['loss_before'][0]:.2f} -> {mean:.2f}"
        told = f"{setup.base.name}, pretrained on {count} texts of {corpus.source}: {fall}"
        facts = setup.base.card
        sizes = (facts.layers, facts.width, facts.max_tokens, facts.parameters)
        known: dict[str, Any] = {"pooling": facts.pooling, "prefix": facts.prefix, "licence": facts.licence}
        return BaseCard(name, "encoder", *sizes, facts.languages, description=told, **known)
    told = f"from scratch on {count} texts of {corpus.source}: {learnt['bits'][0]:.2f} bits a character"
    languages = tuple(code for code, share in language_shares(corpus.train).items() if share > 0.05 and code != "other")
    return replace(setup.base.card, name=name, description=told, languages=languages)

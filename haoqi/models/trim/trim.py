"""Smaller copies of bases in a release: the tokens that its data can need, in 16 bits where no answer changes.

The table of a multilingual base is most of its weights, and a release in Chinese needs a tenth of it. The model in
the run's folder stays whole and exact; what a release has kept is in its predictor.json or base.json, by which
`restore` makes it whole again.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from haoqi.core import folder as folders
from haoqi.core.deadline import OutOfTimeError, until
from haoqi.core.errors import UserError
from haoqi.core.events import Advanced, Listen, Note, silent
from haoqi.core.folder import read_json, write_atomic, write_json
from haoqi.core.say import joined, say
from haoqi.core.stop import StopRequested
from haoqi.data.examples import Examples, Splits
from haoqi.models.bases import Base, Trimmed, load_tokenizer, resolve
from haoqi.models.encoders import base_copy
from haoqi.models.encoders.base_copy import base_in, write_base
from haoqi.models.lexical.scripts import script_shares
from haoqi.models.model import Model
from haoqi.models.predictor import Predictor
from haoqi.models.trim.vocabulary import CannotBeCutError, Cut, cut

WORTH_BYTES = 10_000_000
"""What saves less is not done: a copy that is as it was raises no questions."""
CHECKED = 256
"""The most examples whose answers must stay the same when weights are rounded."""

# Where a tuned encoder keeps its facts; a copy of a frozen base has its own in base.json.
_PREDICTOR = "predictor.json"


@contextmanager
def smaller(
    model: Model, splits: Splits, place: Path, listen: Listen = silent, *, deadline: float | None = None
) -> Iterator[Model]:
    """Give the model as it is best published, or the model itself where little is to be saved.

    Args:
        model: the champion, whose facts name its base; it is not changed.
        splits: what it learnt from and was judged on. The test split is not looked at.
        place: an existing folder, in which `smaller` is made; what is given needs it until the block ends.
        listen: receives what was left out, or why nothing was.
        deadline: by the clock of `core.deadline`, after which it is left as it is.

    Raises:
        UserError: if no space is left, or the folder cannot be written to.
    """
    folder = place / "smaller"
    try:
        found = _smaller(model, splits, folder, until(deadline, listen))
    except OutOfTimeError:
        listen(Note(say("smaller.no_time")))
        found = model
    except StopRequested:
        listen(Note(say("smaller.stopped")))
        found = model
    try:
        yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def trim(
    predictor: Predictor, texts: Sequence[str], folder: Path, *, half: bool, listen: Listen = silent
) -> tuple[Predictor, list[Trimmed]]:
    """Return a predictor whose copies of bases are smaller, and what each of these has kept; none: it is as it was.

    Args:
        predictor: any; those without a base have nothing to trim.
        texts: all that the data hold.
        folder: made anew; the predictor is written there, and what is returned needs it.
        half: whether weights may be rounded to 16 bits, where that saves much.
        listen: receives why a vocabulary was left alone.
    """
    _save(predictor, folder)
    found = []
    for copy, facts in _copies(folder):
        listen(Advanced(0.0, say("smaller.begun")))
        found.append(_trim_copy(copy, facts, texts, half=half, listen=listen))
    kept = [one for one in found if one is not None]
    # What was written stands alone, so that no other place is looked into.
    return (type(predictor).load(folder, folder) if kept else predictor), kept


def restore(predictor: Predictor, folder: Path, cache: Path) -> Predictor:
    """Return a predictor with all tokens of its base again, so that it can learn from texts in any script.

    Tokens that were left out are as the base has them; tuned weights are as the release has them, rounded if they were.

    Args:
        predictor: one that was trimmed; others come back as they are.
        folder: made anew; the predictor is written there, and what is returned needs it.
        cache: where bases are resolved.

    Raises:
        UserError: if the base is not on this machine, or is not the one that was trimmed.
    """
    _save(predictor, folder)
    for copy, facts in _copies(folder):
        if read_json(facts).get("trimmed"):
            _restore_copy(copy, facts, cache)
    return type(predictor).load(folder, cache)


def compared(splits: Splits) -> int:
    """Return how many answers must stay: to validation examples, or training examples where there are none."""
    return min(CHECKED, len(splits.valid) or len(splits.train))


def unfamiliar(trimmed: Trimmed, texts: Sequence[str]) -> dict[str, float]:
    """Return the scripts of which tokens that these texts may need were left out, with their shares of all letters.

    A model that shall learn from such texts is better restored first.
    """
    if not trimmed.cut:
        return {}
    return {script: share for script, share in script_shares(texts).items() if script not in trimmed.scripts}


def _smaller(model: Model, splits: Splits, folder: Path, listen: Listen) -> Model:
    if not model.facts.get("base"):
        return model
    texts = [text for part in (splits.train, splits.valid, splits.unlabelled) if part for text in _texts(part)]
    examples = splits.valid if len(splits.valid) else splits.train
    checked = examples.take(np.unique(np.linspace(0, len(examples) - 1, compared(splits)).astype(int)))
    for half in (True, False):
        predictor, kept = trim(model.predictor, texts, folder, half=half, listen=listen if half else silent)
        if not kept:
            break
        facts = _collect_facts(kept, len(checked))
        found = replace(model, predictor=predictor, facts={**model.facts, **facts})
        if not any(one.rounded for one in kept) or _same_answers(model, found, checked):
            listen(Note(say("smaller.told", told=joined(list(facts.values()), by="list.semicolon"))))
            return found
    return model


def _texts(examples: Examples) -> list[str]:
    return [*examples.texts, *(examples.pairs or ()), *(examples.contexts or ())]


def _collect_facts(kept: Sequence[Trimmed], checked: int) -> dict[str, str]:
    """Return what a person should know of a release that is smaller than its base, and that so many answers stayed."""
    facts: dict[str, str] = {}
    for one in kept:
        if one.cut:
            counts = {"pieces": one.tokens, "whole": one.whole}
            facts["pieces"] = say("smaller.pieces", **counts)
            if one.scripts:
                facts["pieces"] = say("smaller.pieces_of", scripts=", ".join(one.scripts), **counts)
        if one.rounded:
            facts["weights"] = say("smaller.rounded", count=checked)
    return facts


def _same_answers(model: Model, other: Model, examples: Examples) -> bool:
    return list(model.predict(examples).labels) == list(other.predict(examples).labels)


def _save(predictor: Predictor, folder: Path) -> None:
    with folders.explained(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        predictor.save(folder, standalone=True)


def _copies(folder: Path) -> list[tuple[Path, Path]]:
    """Return every folder of a network in a predictor's folder, and the file that holds its facts."""
    found = []
    for path in sorted(folder.rglob("tokenizer.json")):
        for facts in (path.parent / _PREDICTOR, path.parent.parent / base_copy.FILE):
            if facts.is_file():
                found.append((path.parent, facts))
                break
    return found


def _trim_copy(copy: Path, facts: Path, texts: Sequence[str], *, half: bool, listen: Listen) -> Trimmed | None:
    """Make a copy of a network smaller, and write down what it has kept; None: it is as it was."""
    from haoqi.models.bases import load_encoder

    plain = read_json(facts)
    if plain.get("trimmed") or plain["card"]["kind"] != "encoder" or _weight_bytes(copy) < WORTH_BYTES:
        return None
    encoder: Any = load_encoder(base_in(copy, plain))
    listen(Advanced(0.2, say("smaller.choosing")))
    weights, table = dict(encoder.state_dict()), _table_of(encoder)
    whole = len(weights[table])
    found = _cut(copy, plain, texts, weights[table], listen=listen)
    if found is not None:
        weights[table] = weights[table][found.rows]
    rounds = half and _saved_by_rounding(weights) >= WORTH_BYTES
    if found is None and not rounds:
        return None
    listen(Advanced(0.8, say("smaller.writing")))
    _write(copy, weights, found, rounds=rounds)
    named = plain.get("base", plain)
    scripts = () if found is None else found.scripts
    kept = Trimmed(named["fingerprint"], len(weights[table]), whole, scripts, rounded=rounds)
    named["fingerprint"] = resolve(str(copy.resolve()), copy).fingerprint
    plain["card"]["parameters"] = sum(one.numel() for one in weights.values())
    write_json(facts, {**plain, "trimmed": kept.to_plain()})
    return kept


def _cut(copy: Path, plain: dict[str, Any], texts: Sequence[str], table: Any, *, listen: Listen) -> Cut | None:
    """Return the tokenizer with the tokens that the data can need, if that saves enough of the table."""
    from haoqi.models.weights import smallest

    size = table.shape[1] * smallest(table[:64]).element_size()
    if len(table) * size < WORTH_BYTES:
        return None
    prefix = plain["reader"]["prefix"] if "reader" in plain else plain["card"]["prefix"]
    named = _token_numbers(read_json(copy / "config.json"))
    # Some networks count positions from their padding's number, which therefore stays as it is.
    always = {*range(named.get("pad_token_id", -1) + 1), *named.values()}
    try:
        content = (copy / "tokenizer.json").read_text(encoding="utf-8")
        found = _cut_once(content, tuple(texts), prefix, frozenset(always))
    except CannotBeCutError as reason:
        listen(Note(say("smaller.none", reason=str(reason))))
        return None
    enough = (len(table) - len(found.rows)) * size >= WORTH_BYTES
    return found if enough and found.rows[-1] < len(table) else None


@lru_cache(maxsize=1)
def _cut_once(content: str, texts: tuple[str, ...], prefix: str, always: frozenset[int]) -> Cut:
    """Return what `cut` does: the members of an ensemble mostly have the same tokenizer."""
    return cut(content, texts, prefix, always)


def _write(copy: Path, weights: dict[str, Any], found: Cut | None, *, rounds: bool) -> None:
    """Replace the files of a copy: each anew, as it may be a link to the base's own."""
    from haoqi.models.weights import write_weights

    for path in copy.glob("model*.safetensors*"):
        path.unlink()
    write_weights(copy / "model.safetensors", weights, half=rounds)
    if found is None:
        return
    write_atomic(copy / "tokenizer.json", found.tokenizer)
    new = {int(old): number for number, old in enumerate(found.rows)}
    config = read_json(copy / "config.json")
    renumbered = {name: new[old] for name, old in _token_numbers(config).items()}
    write_json(copy / "config.json", {**config, **renumbered, "vocab_size": len(new)})
    settings = copy / "tokenizer_config.json"
    if settings.is_file() and "added_tokens_decoder" in (plain := read_json(settings)):
        decoder = {str(new[int(old)]): added for old, added in plain["added_tokens_decoder"].items()}
        write_json(settings, {**plain, "added_tokens_decoder": decoder})


def _restore_copy(copy: Path, facts: Path, cache: Path) -> None:
    """Make a trimmed copy of a network whole again, with what its base has."""
    from haoqi.models.bases import load_encoder
    from haoqi.models.weights import write_weights

    plain = read_json(facts)
    small = base_in(copy, plain)
    assert small.trimmed is not None
    base = resolve(small.name, cache)
    if base.fingerprint != small.trimmed.base:
        raise UserError(
            f"the base {base.name} in {base.folder} is not the one whose tokens were left out",
            "bring back the base as it was, or train again",
        )
    if facts.name == base_copy.FILE:
        shutil.rmtree(copy)
        card = replace(small.card, parameters=base.card.parameters)
        write_base(replace(base, card=card), facts.parent, standalone=True)
        return
    tuned: Any = load_encoder(small)
    weights = dict(tuned.state_dict())
    if small.trimmed.cut:
        whole: Any = load_encoder(base)
        name = _table_of(tuned)
        weights[name] = whole.state_dict()[name].index_copy(0, _rows_of(small, base), weights[name])
        shutil.copyfile(base.folder / "tokenizer.json", copy / "tokenizer.json")
        config = read_json(base.folder / "config.json")
        same = {**_token_numbers(config), "vocab_size": small.trimmed.whole}
        write_json(copy / "config.json", {**read_json(copy / "config.json"), **same})
    write_weights(copy / "model.safetensors", weights)
    plain["base"]["fingerprint"] = base.fingerprint
    plain["card"]["parameters"] = base.card.parameters
    write_json(facts, {**plain, "trimmed": None})


def _rows_of(small: Base, whole: Base) -> Any:
    """Return the number that each token of a trimmed copy has in the whole vocabulary, shape (tokens,)."""
    import torch

    tokens = load_tokenizer(small).get_vocab(with_added_tokens=True)
    numbers = load_tokenizer(whole).get_vocab(with_added_tokens=True)
    rows = torch.zeros(len(tokens), dtype=torch.int64)
    for token, number in tokens.items():
        rows[number] = numbers[token]
    return rows


def _table_of(encoder: Any) -> str:
    """Return the name of the weight with a row per token."""
    table = encoder.get_input_embeddings().weight
    found: str = next(name for name, weight in encoder.named_parameters() if weight is table)
    return found


def _token_numbers(config: dict[str, Any]) -> dict[str, int]:
    """Return the tokens that a configuration names, such as pad_token_id."""
    return {name: value for name, value in config.items() if name.endswith("token_id") and type(value) is int}


def _saved_by_rounding(weights: dict[str, Any]) -> int:
    from haoqi.models.weights import rounded, smallest

    return sum(smallest(one).nbytes - rounded(one).nbytes for one in weights.values())


def _weight_bytes(copy: Path) -> int:
    return sum(path.stat().st_size for path in copy.glob("model*.safetensors"))

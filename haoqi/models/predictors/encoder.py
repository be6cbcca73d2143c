"""A fine-tuned encoder with its head: scores texts, or every word of them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cache as remembered
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_atomic, write_json
from haoqi.data.examples import Examples
from haoqi.models.bases import Base, load_tokenizer
from haoqi.models.compile.form import Compute, compute_rows, joined_logits
from haoqi.models.encoders.base_copy import base_in
from haoqi.models.encoders.entity_markers import PLACES
from haoqi.models.encoders.model_input import Reader, Reading, scores_of
from haoqi.models.encoders.word_shapes import SHAPES
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores

if TYPE_CHECKING:  # a release that is computed by a form does without torch
    from torch import Tensor

    from haoqi.models.compile.graph import Graph
    from haoqi.models.encoders.adapters.adapter import Adapter
    from haoqi.models.encoders.encoder import EncoderModel

FORMAT = 2
"""2: with an adapter that is not in the weights, of which earlier versions know nothing; all else is of format 1."""
ADAPTER = "adapter.safetensors"
"""What was learnt beside a base, by itself."""
DAMAGED = "the model is damaged; train or copy it again"


@predictors.register
@dataclass(frozen=True)
class Encoder:
    """An encoder that was tuned, wholly or in part."""

    shares_base: ClassVar[bool] = True
    """Whether `load` can hold the base once for several models."""

    network: Callable[[bool], Any]
    """Gives the encoder and its head, read from disk when first asked for: lean, for computing alone, or whole."""
    outputs: int
    """Logits per text or word."""
    reader: Reader
    base: Base
    """Where the weights that were not trained come from."""
    tuned: frozenset[str] | None = None
    """Names of the encoder's weights that differ from the base's; None: any may."""
    compute: Compute | None = field(default=None, compare=False)
    """What computes in place of torch, for a release that was compiled."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask it at once: some forms, but not torch, in which an encoder is changed.

        How it attends depends on the length of the texts, and where words have shapes a hook tells them.
        """
        return self.compute is not None and self.compute.thread_safe

    @classmethod
    def of(cls, model: "EncoderModel", reader: Reader, base: Base, tuned: frozenset[str] | None = None) -> "Encoder":
        """Return the predictor of a network that is in memory."""
        return cls(lambda lean: model, model.head.out_features, reader, base, tuned)

    @property
    def model(self) -> "EncoderModel":
        """The encoder and its head, as Transformers have it."""
        model: EncoderModel = self.network(False)
        return model

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits or numbers for every example, in order; for spans and contexts one row per word.

        Two texts whose order is nothing are read both ways round, and the mean is taken.
        """
        if self.reader.pairing != "symmetric":
            return self._scores(examples, progress)
        both = Examples.join([examples, examples.exchanged()])
        found = np.asarray(self._scores(both, progress and (lambda done: progress(done // 2))))
        return ((found[: len(examples)] + found[len(examples) :]) / np.float32(2)).astype(np.float32)

    def _scores(self, examples: Examples, progress: Progress | None) -> Scores:
        reading = self.reader.read(examples)
        if self.compute is not None:
            return _scores_by(self.compute, reading, self.outputs, progress)
        from haoqi.models.encoders.placement import probed

        placement, model = probed(), self.network(True)
        model.to(placement.device).eval()
        return scores_of(model, reading, placement, progress)

    def graph(self, *, lean: bool = False) -> "Graph":
        """Return the encoder and its head as one network; the weights are shared."""
        from haoqi.models.compile.graph import build_graph

        return build_graph(self.network(lean))

    def with_compute(self, compute: Compute) -> "Encoder":
        """Return the same predictor, computed by a form."""
        return replace(self, compute=compute)

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write the head and the tuned weights, or with `standalone` all of them and the tokenizer.

        A standalone folder is one of Transformers' own, with the head beside it; a smaller copy of a base always
        stands alone. An adapter is written by itself, and is part of the weights beside it only where they stand alone
        and it was merged. Numbers are kept in 16 bits wherever that loses nothing, so that a saved model gives the
        scores it gave before.
        """
        from haoqi.models.weights import write_weights

        standalone, adapter = standalone or self.base.trimmed is not None, self.model.adapter
        weights = {name: value.detach().cpu() for name, value in self.model.state_dict().items()}
        if adapter is not None:
            write_weights(folder / ADAPTER, {name: value.cpu() for name, value in adapter.weights.items()})
            if not adapter.merged:
                weights = {k: v for k, v in weights.items() if k.removeprefix("encoder.") not in adapter.weights}
        whole = standalone or self.tuned is None
        encoder = {
            name.removeprefix("encoder."): value
            for name, value in weights.items()
            if name.startswith("encoder.") and (whole or name.removeprefix("encoder.") in (self.tuned or ()))
        }
        write_weights(folder / "model.safetensors", encoder)
        write_weights(folder / "head.safetensors", {k: v for k, v in weights.items() if not k.startswith("encoder.")})
        if standalone:
            config: Any = self.model.encoder.config
            write_atomic(folder / "config.json", config.to_json_string(use_diff=False))
            write_atomic(folder / "tokenizer.json", self.reader.tokenizer.to_str())
        write_json(folder / "predictor.json", self._facts(standalone))

    @classmethod
    def load(cls, folder: Path, cache: Path, *, shared: bool = False) -> "Encoder":
        """Return what `save` wrote; `cache` is where bases are resolved when the folder only refers to one.

        Args:
            folder: what `save` wrote into.
            cache: where bases are resolved.
            shared: hold what was learnt beside the base and not in it, and the base's weights once for all that do so;
                its tokens are the base's, even where the folder has fewer.

        Raises:
            UserError: if a file is missing, damaged, or of a newer format, or the base is not the one it was, or cannot
                be shared; of the weights that are read when they are first asked for, then.
        """
        facts = read_json(folder / "predictor.json")
        try:
            if facts["format"] > FORMAT:
                raise UserError(f"{folder} was written by a newer version", "pip install -U haoqi")
            if shared:
                facts = _apart(facts, folder)
            base = _base_of(facts, folder, cache)
            reader = Reader(load_tokenizer(base), **facts["reader"])
            tuned = None if facts["tuned"] is None else frozenset(facts["tuned"])
            if missing := _NETWORK - facts.keys():
                raise KeyError(*missing)
        except (KeyError, TypeError) as error:
            raise UserError(f"{folder} is damaged: {error}", DAMAGED) from None
        if not (folder / "model.safetensors").is_file():
            raise UserError(f"{folder / 'model.safetensors'} is missing", DAMAGED)
        outputs = _length_of("head.bias", folder / "head.safetensors")
        network = remembered(lambda lean: _network(folder, facts, base, lean))
        return cls(lambda lean: network(shared or (lean and facts["standalone"])), outputs, reader, base, tuned)

    def _facts(self, standalone: bool) -> dict[str, Any]:
        """Return what `predictor.json` holds."""
        reader, adapter = self.reader, self.model.adapter
        return {
            "format": 1 if adapter is None or adapter.kind.merges else FORMAT,
            "standalone": standalone,
            "pooling": self.model.pooling,
            "normalise": self.model.normalise,
            "shapes_enter": self.model.shapes_enter,
            "reader": {
                "max_tokens": reader.max_tokens,
                "prefix": reader.prefix,
                "words": reader.words,
                "shapes": reader.shapes,
                **({"pairing": reader.pairing} if reader.pairing else {}),
                **({"contexts": True} if reader.contexts else {}),
            },
            "tuned": None if self.tuned is None or standalone else sorted(self.tuned),
            **({} if adapter is None else {"adapter": adapter.to_plain() | {"merged": adapter.merged and standalone}}),
            "base": {"name": self.base.name, "fingerprint": self.base.fingerprint},
            "trimmed": None if self.base.trimmed is None else asdict(self.base.trimmed),
            "card": {name: value for name, value in asdict(self.base.card).items() if name in _CARD},
        }


def _network(folder: Path, facts: dict[str, Any], base: Base, lean: bool) -> "EncoderModel":
    """Return the network that was saved.

    Raises:
        UserError: if a file is missing or damaged.
    """
    from haoqi.models.bases import lean_encoder, load_encoder, shared_encoder
    from haoqi.models.encoders.encoder import EncoderModel
    from haoqi.models.weights import read_weights

    try:
        shared = facts.get("shared", False)
        encoder: Any = shared_encoder(base) if shared else lean_encoder(base) if lean else load_encoder(base)
        if not (facts["standalone"] or shared):
            _fill(encoder, read_weights(folder / "model.safetensors"), facts["tuned"])
        adapter = _adapter(folder, facts["adapter"], encoder, merge=not shared) if "adapter" in facts else None
        head = read_weights(folder / "head.safetensors")
        model = EncoderModel(
            encoder,
            len(head["head.bias"]),
            pooling=facts["pooling"],
            normalise=facts["normalise"],
            shapes=len(SHAPES) if facts["reader"]["shapes"] else 0,
            shapes_enter=facts["shapes_enter"],
            places=PLACES if facts["reader"].get("pairing") == "marked" else 0,
        )
        model.load_state_dict(head, strict=False)
        model.adapter = adapter
    except (KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{folder} is damaged: {error}", DAMAGED) from None
    return model.eval()


def _adapter(folder: Path, plain: dict[str, Any], encoder: Any, *, merge: bool) -> "Adapter":
    """Return what was learnt beside an encoder, which answers with it from here on."""
    from haoqi.models.encoders.adapters.adapter import Adapter, installed, kind_of
    from haoqi.models.weights import read_weights

    kind = kind_of(plain)
    weights = {name: value.float() for name, value in read_weights(folder / ADAPTER).items()}
    return Adapter(kind, weights, True) if plain["merged"] else installed(kind, encoder, weights, merge=merge)


def _apart(facts: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the facts of a predictor whose adapter is to be held beside the base that it was learnt on.

    Raises:
        UserError: if it has no adapter.
    """
    if "adapter" not in facts:
        raise UserError(
            f"{folder} has weights of its own throughout, and no base that others could share",
            "load it without sharing; lora, bitfit and their like leave the base as it is",
        )
    base = facts["base"] | ({} if facts["trimmed"] is None else {"fingerprint": facts["trimmed"]["base"]})
    adapter = facts["adapter"] | {"merged": False}
    return facts | {"base": base, "adapter": adapter, "trimmed": None, "tuned": [], "standalone": False, "shared": True}


def _length_of(name: str, file: Path) -> int:
    """Return the length of an array in a file of which only the beginning is read.

    Raises:
        UserError: if it is not there.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as opened:
            return int(opened.get_slice(name).get_shape()[0])
    except FileNotFoundError:
        raise UserError(f"{file} is missing", DAMAGED) from None
    except (OSError, SafetensorError) as error:
        raise UserError(f"{file} is damaged: {error}", DAMAGED) from None


def _scores_by(compute: Compute, reading: Reading, outputs: int, progress: Progress | None) -> Scores:
    """Return what a form gives for the windows, as `scores_of` does."""
    total = len(reading.ids) if reading.counts is None else int(reading.counts.sum())
    found = np.zeros((total, outputs), np.float32)
    for rows, logits in compute_rows(compute, reading.ids, reading.shapes, progress):
        if reading.places is None:
            found[rows] = logits
        elif reading.words is None:
            for row, of_tokens in zip(rows.tolist(), logits, strict=True):
                found[row] = joined_logits(of_tokens, reading.places[row])
        else:
            for row, of_tokens in zip(rows.tolist(), logits, strict=True):
                found[reading.words[row]] = of_tokens[reading.places[row]]
    return reading.split(found)


# Of predictor.json, what the network is made by.
_NETWORK = frozenset(("pooling", "normalise", "shapes_enter"))
# Of a base's card, what is needed to load a copy of it.
_CARD = ("name", "kind", "layers", "width", "max_tokens", "parameters", "languages", "pooling", "prefix", "licence")


def _base_of(facts: dict[str, Any], folder: Path, cache: Path) -> Base:
    """Return the base that a predictor was made from, or, where it is standalone, its own folder as one."""
    named = facts["base"]
    if facts["standalone"]:
        return base_in(folder, facts)
    from haoqi.models.bases import resolve

    base = resolve(named["name"], cache)
    if base.fingerprint != named["fingerprint"]:
        raise UserError(
            f"the base {base.name} in {base.folder} is not the one that {folder} was trained from",
            "train the model again, or bring the old base back",
        )
    return base


def _fill(encoder: Any, weights: "dict[str, Tensor]", tuned: list[str] | None) -> None:
    """Put tuned weights into an encoder."""
    if tuned is not None and set(tuned) != set(weights):
        raise UserError("the tuned weights are not those that predictor.json names", DAMAGED)
    encoder.load_state_dict(weights, strict=tuned is None)

"""A small network over token vectors: it scores texts, or every word of them, without an encoder."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_atomic, write_json
from haoqi.data.examples import Examples
from haoqi.models.bases import read_tokenizer
from haoqi.models.encoders.model_input import Reader, scores_of
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores

if TYPE_CHECKING:  # a list of predictors must not wait for torch
    from haoqi.models.networks.token_network import TokenNetwork

FORMAT = 1
DAMAGED = "the model is damaged; train or copy it again"


@predictors.register
@dataclass(frozen=True)
class TokenNetworkPredictor:
    """A network of convolutions or of a recurrent layer, with a tokenizer of its own."""

    thread_safe: ClassVar[bool] = True

    network: Callable[[], Any]
    """Gives the network, a `TokenNetwork`, read from disk when first asked for."""
    reader: Reader
    base: str = ""
    """Whose table the vectors began with, and whose tokenizer reads."""

    @classmethod
    def of(cls, network: "TokenNetwork", reader: Reader, base: str) -> "TokenNetworkPredictor":
        """Return the predictor of a network that is in memory."""
        return cls(lambda: network, reader, base)

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits or numbers for every example, in order; for spans log probabilities, one row per word."""
        from haoqi.models.encoders.placement import Placement

        network: Any = self.network()
        return scores_of(network, self.reader.read(examples), Placement(), progress)

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write network.json, tokenizer.json and model.safetensors; no base is needed, so every folder stands alone.

        Numbers are kept in 16 bits wherever that loses nothing, as it loses nothing of the table.
        """
        from haoqi.models.weights import write_weights

        network = self.network()
        write_weights(folder / "model.safetensors", {name: one.detach() for name, one in network.state_dict().items()})
        write_atomic(folder / "tokenizer.json", self.reader.tokenizer.to_str())
        reader = {"max_tokens": self.reader.max_tokens, "words": self.reader.words, "shapes": self.reader.shapes}
        facts = {"format": FORMAT, "base": self.base, "shape": network.shape.as_plain(), "reader": reader}
        write_json(folder / "network.json", facts)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "TokenNetworkPredictor":
        """Return what `save` wrote.

        Raises:
            UserError: if a file is missing, damaged, or of a newer format; of the weights when they are first read.
        """
        facts = read_json(folder / "network.json")
        try:
            if facts["format"] > FORMAT:
                raise UserError(f"{folder} was written by a newer version", "pip install -U haoqi")
            reader = Reader(read_tokenizer(folder / "tokenizer.json"), **facts["reader"])
            shape, base = facts["shape"], facts["base"]
        except (KeyError, TypeError) as error:
            raise UserError(f"{folder} is damaged: {error}", DAMAGED) from None
        if not (folder / "model.safetensors").is_file():
            raise UserError(f"{folder / 'model.safetensors'} is missing", DAMAGED)
        return cls(remembered(lambda: _network(folder, shape)), reader, base)


def _network(folder: Path, shape: dict[str, Any]) -> "TokenNetwork":
    """Return the network that was saved.

    Raises:
        UserError: if its weights are damaged.
    """
    from haoqi.models.networks.token_network import Shape, TokenNetwork
    from haoqi.models.weights import read_weights

    weights = read_weights(folder / "model.safetensors")
    try:
        network = TokenNetwork(Shape.from_plain(shape))
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except (TypeError, RuntimeError) as error:
        raise UserError(f"{folder} is damaged: {error}", DAMAGED) from None
    return network.requires_grad_(False).eval()

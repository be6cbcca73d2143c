"""Vectors before those of a text's tokens (prompt tuning: Lester et al., 2021, arXiv:2104.08691).

They may learn through a small network (P-tuning: Liu et al., 2021, arXiv:2103.10385), whose output is added to them
(Razdaibiedina et al., 2023, arXiv:2305.03937): so they start from words all the same. Of that network nothing is kept
but what it gives in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from haoqi.core.config import Choices, Range
from haoqi.models.encoders.adapters.adapter import Weights, kinds

# Where there are no words to start from.
_DEVIATION = 0.02


@kinds.register
@dataclass(frozen=True)
class Prompt:
    """How many there are, and how they learn."""

    merges: ClassVar[bool] = False

    tokens: Annotated[int, Range(1, 512)] = 20
    """Vectors before those of the text."""
    through: Annotated[Literal["none", "mlp", "lstm"], Choices("none", "mlp", "lstm")] = "none"
    """The network through which they learn, if any: of three layers, or an LSTM that reads both ways and two layers."""
    hidden: Annotated[int, Range(1, 4096)] = 128
    """Width of that network."""

    def attach(self, encoder: nn.Module, words: Sequence[int] = ()) -> None:
        """Freeze an encoder and let vectors come first: those of words, or random ones where there are none."""
        table: Any = _table_of(encoder)
        start = _DEVIATION * torch.randn(self.tokens, table.weight.shape[1])
        if len(words) >= self.tokens:
            start = table.weight.detach()[list(words[: self.tokens])].float().cpu().clone()
        encoder.requires_grad_(False)
        _put(encoder, SoftPrompt(start, _network(self.through, start.shape[1], self.hidden)))

    def detach(self, encoder: nn.Module) -> dict[str, Tensor]:
        """Let nothing come first, and return the vectors as they are with the network's output."""
        own: Any = encoder
        with torch.no_grad():
            found = own.prompt()
        for hook in own._prompt_hooks:
            hook.remove()
        del own.prompt, own._prompt_hooks
        return {"prompt.vectors": found}

    def install(self, encoder: nn.Module, weights: Weights, *, merge: bool) -> bool:
        """Let the vectors come first; they belong to no weight, so that they cannot be merged."""
        _put(encoder, SoftPrompt(weights["prompt.vectors"].float()).requires_grad_(False))
        return False


class SoftPrompt(nn.Module):
    """Vectors that come before those of a text's tokens.

    Args:
        vectors: where they start, shape (tokens, width).
        network: whose output is added to them; None: they learn by themselves.
    """

    def __init__(self, vectors: Tensor, network: nn.Module | None = None) -> None:
        super().__init__()
        self.vectors, self.network = nn.Parameter(vectors), network

    def forward(self) -> Tensor:
        """Return the vectors, shape (tokens, width)."""
        if self.network is None:
            return self.vectors
        found: Tensor = self.vectors + self.network(self.vectors)
        return found


class _Both(nn.Module):
    """Reads vectors both ways, then bends them.

    Args:
        width: of a vector.
        hidden: of each way.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.both = nn.LSTM(width, hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.inside, self.last = nn.Linear(2 * hidden, 2 * hidden), nn.Linear(2 * hidden, width)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return one vector for each."""
        found: Tensor = self.last(torch.relu(self.inside(self.both(vectors[None])[0][0])))
        return found


def _network(through: str, width: int, hidden: int) -> nn.Module | None:
    """Return the network through which vectors learn; its output is 0 at first."""
    if through == "none":
        return None
    if through == "lstm":
        made: nn.Module = _Both(width, hidden)
    else:
        bend = nn.ReLU()
        made = nn.Sequential(nn.Linear(width, hidden), bend, nn.Linear(hidden, hidden), bend, nn.Linear(hidden, width))
    *_, last = (one for one in made.modules() if isinstance(one, nn.Linear))
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return made


def _put(encoder: nn.Module, prompt: SoftPrompt) -> None:
    own: Any = encoder
    own.prompt = prompt.to(next(encoder.parameters()).device)
    own._prompt_hooks = (
        own.register_forward_pre_hook(_prepend, with_kwargs=True),
        own.register_forward_hook(_cut),
    )


def _prepend(encoder: Any, given: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Hand over vectors in the place of tokens, with the prompt first."""
    named = dict(named)
    ids, mask, vectors = named.pop("input_ids"), named.get("attention_mask"), encoder.prompt()
    words = _table_of(encoder)(ids).to(vectors.dtype)
    rows = ids.shape[0]  # not len(ids), which an exporter would take for a constant
    named["inputs_embeds"] = torch.cat([vectors.expand(rows, *vectors.shape), words], dim=1)
    if mask is not None:
        named["attention_mask"] = torch.cat([mask.new_ones(rows, len(vectors)), mask], dim=1)
    return given, named


def _cut(encoder: Any, given: Any, output: Any) -> Any:
    """Leave the states of the tokens alone, as if nothing had come before them."""
    output.last_hidden_state = output.last_hidden_state[:, len(encoder.prompt.vectors) :]
    return output


def _table_of(encoder: Any) -> Any:
    """Return the embedding table of tokens; a lean encoder has it under the name that Transformers gives BERT's."""
    return encoder.get_input_embeddings()

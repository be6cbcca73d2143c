"""An encoder that guesses hidden tokens: its output layer is its table of tokens (tied: arXiv:1608.05859).

The output is computed where something is to be guessed and nowhere else, over the tokens that the texts need.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional

from haoqi.core.folder import write_atomic
from haoqi.models.bases import Base
from haoqi.models.encoders.encoder import attend_as_is_quickest, mask_of, width_of
from haoqi.models.encoders.placement import own_randomness
from haoqi.pretraining.masking import Guesses, Vocabulary

HEAD_FILE = "masked_head.safetensors"
"""In the folder of a base that was pretrained here, so that it can go on; other bases come without one."""


class MaskedHead(nn.Module):
    """What makes of a state a vector that is compared with the table of tokens, as BERT has it.

    Args:
        width: length of a state.
        tokens: in the table.
    """

    def __init__(self, width: int, tokens: int) -> None:
        super().__init__()
        with own_randomness("cpu"):
            torch.manual_seed(0)
            self.dense = nn.Linear(width, width)
            nn.init.eye_(self.dense.weight)  # states and tokens are of one space already
            nn.init.zeros_(self.dense.bias)
            self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(tokens))

    def forward(self, states: Tensor, table: Tensor) -> Tensor:
        """Return logits, shape (places, tokens)."""
        found: Tensor = self.norm(functional.gelu(self.dense(states)))
        return functional.linear(found, table, self.bias)


class LanguageModel(nn.Module):
    """An encoder whose table holds only the tokens of a vocabulary, and its head.

    Args:
        encoder: as `load_encoder` gives it; its table is replaced by a smaller one.
        vocabulary: the tokens that are needed.
    """

    def __init__(self, encoder: Any, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.encoder = encoder
        whole = encoder.get_input_embeddings().weight.detach()
        rows = whole[torch.from_numpy(vocabulary.kept)].clone()
        encoder.set_input_embeddings(_table(rows))
        self.head = MaskedHead(width_of(encoder), len(vocabulary.kept))

    def forward(self, guesses: Guesses) -> Tensor:
        """Return logits of the hidden tokens, shape (places, tokens)."""
        batch = guesses.batch
        attend_as_is_quickest(self.encoder, batch)
        mask = causal_mask(batch.lengths, batch.ids.shape[1]) if guesses.causal else mask_of(batch)
        states = self.encoder(input_ids=batch.ids, attention_mask=mask).last_hidden_state
        assert batch.places is not None
        logits: Tensor = self.head(states.flatten(0, 1)[batch.places], self.encoder.get_input_embeddings().weight)
        return logits


def causal_mask(lengths: Tensor, longest: int) -> Tensor:
    """Return what is added to attention where each token sees itself and those before it, shape (rows, 1, n, n)."""
    places = torch.arange(longest, device=lengths.device)
    seen = (places[None, :] <= places[:, None])[None] & (places[None, None, :] < lengths[:, None, None])
    seen = seen | (places[None, :] == places[:, None])[None]  # padding sees itself, lest it see nothing
    return torch.where(seen, 0.0, torch.finfo(torch.float32).min)[:, None]


def guess_losses(model: nn.Module, guesses: Guesses) -> Tensor:
    """Return the surprise at each hidden token, in nats, shape (places,)."""
    logits: Tensor = model(guesses)
    targets = torch.from_numpy(guesses.targets).to(logits.device)
    return functional.cross_entropy(logits.float(), targets, reduction="none")


def guess_loss(model: nn.Module, guesses: Guesses) -> Tensor:
    """Return the sum of the surprises at hidden tokens, in nats: the loss of a step."""
    return guess_losses(model, guesses).sum()


def set_head(model: LanguageModel, base: Base, vocabulary: Vocabulary) -> bool:
    """Give a model the head that its base was pretrained with, and return whether it has one."""
    file = base.folder / HEAD_FILE
    if not file.is_file():
        return False
    found = load_file(file)
    found["bias"] = found["bias"][torch.from_numpy(vocabulary.kept)]
    model.head.load_state_dict(found)
    return True


def save_head(model: LanguageModel, vocabulary: Vocabulary, tokens: int, folder: Path) -> None:
    """Write a model's head into a base's folder; tokens that the texts lack are as unlikely as the rarest."""
    found = {name: value.detach().cpu() for name, value in model.head.state_dict().items()}
    bias = found["bias"].min().repeat(tokens)
    bias[torch.from_numpy(vocabulary.kept)] = found["bias"]
    write_atomic(folder / HEAD_FILE, save({**found, "bias": bias}))


def whole_encoder(model: LanguageModel, base: Base, vocabulary: Vocabulary) -> Any:
    """Return a model's encoder with all tokens of the base again; those that the texts lack are as they were.

    The model is used up.
    """
    from haoqi.models.bases import load_encoder

    whole = load_encoder(base).get_input_embeddings().weight.detach().clone()  # type: ignore[operator]
    whole[torch.from_numpy(vocabulary.kept)] = model.encoder.get_input_embeddings().weight.detach().cpu()
    model.encoder.set_input_embeddings(_table(whole))
    return model.encoder.cpu().eval()


def _table(rows: Tensor) -> nn.Embedding:
    return nn.Embedding(rows.shape[0], rows.shape[1], _weight=rows)

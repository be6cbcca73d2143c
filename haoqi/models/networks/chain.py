"""A linear-chain conditional random field on top of a network (Lafferty et al., 2001; Huang et al., 2015)."""

import numpy as np
import torch
from torch import Tensor, nn

from haoqi.models.encoders.encoder import Batch
from haoqi.models.predictors.tagger import log_marginals


class Chain(nn.Module):
    """What tags say about the tags behind them, beside what the words say.

    Args:
        tags: how many there are.
    """

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(tags, tags))

    def losses(self, emissions: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:
        """Return the negative log probability of the right tags of each run of words, shape (runs,).

        Args:
            emissions: what the words say, run after run, shape (words, tags).
            targets: the right tags, shape (words,).
            lengths: words of each run, at least 1.
        """
        block, tags, inside = _runs(emissions, lengths), _runs(targets, lengths), _inside(lengths)
        own = block.gather(2, tags[:, :, None])[:, :, 0] * inside
        steps = self.transitions[tags[:, :-1], tags[:, 1:]] * inside[:, 1:]
        found: Tensor = self._partition(block, inside) - own.sum(dim=1) - steps.sum(dim=1)
        return found

    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Return the log probability of each tag of each word, given the words of its run, shape (words, tags)."""
        cut = np.cumsum(lengths.cpu().numpy())[:-1]
        runs = np.split(emissions.detach().float().cpu().numpy(), cut)
        found = log_marginals(runs, self.transitions.detach().float().cpu().numpy())
        return torch.from_numpy(np.concatenate(found)).to(emissions.device)

    def _partition(self, block: Tensor, inside: Tensor) -> Tensor:
        """Return the log sum over all ways to tag each run."""
        state = block[:, 0]
        for word in range(1, block.shape[1]):
            found = torch.logsumexp(state[:, :, None] + self.transitions, dim=1) + block[:, word]
            state = torch.where(inside[:, word, None] > 0, found, state)
        total: Tensor = torch.logsumexp(state, dim=1)
        return total


def runs_of(batch: Batch, longest: int) -> Tensor:
    """Return how many words stand together in each window of a batch that has any, in order, shape (runs,)."""
    assert batch.places is not None
    counts: Tensor = torch.unique_consecutive(batch.places // longest, return_counts=True)[1]
    return counts


def _runs(values: Tensor, lengths: Tensor) -> Tensor:
    """Return what is given end to end as a row for each run, padded with 0."""
    return nn.utils.rnn.pad_sequence(list(torch.split(values, lengths.tolist())), batch_first=True)


def _inside(lengths: Tensor) -> Tensor:
    """Return 1 for words and 0 for padding, shape (runs, longest)."""
    return (torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]).float()

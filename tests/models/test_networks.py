"""Small networks: what a chain of tags says, and that company and padding change nothing."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from haoqi.models.bases import load_encoder, resolve
from haoqi.models.encoders.encoder import collate
from haoqi.models.networks.chain import Chain, runs_of
from haoqi.models.networks.token_network import Shape, TokenNetwork
from haoqi.models.networks.token_table import principal_axes, token_table

TOKENS = [np.array(one, np.int32) for one in ([1, 2, 3, 4, 5, 6, 7], [1, 2], [3], [9, 8, 7, 6])]


def chain(tags: int = 3) -> Chain:
    found = Chain(tags)
    found.transitions = torch.nn.Parameter(torch.randn(tags, tags, generator=torch.Generator().manual_seed(0)))
    return found


def of_all_ways(one: Chain, emissions: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Return the score of each way to tag a run, term by term."""
    (words, tags), transitions = emissions.shape, one.transitions.tolist()
    found = {}
    for way in product(range(tags), repeat=words):
        score = sum(float(emissions[at, tag]) for at, tag in enumerate(way))
        score += sum(transitions[before][after] for before, after in pairwise(way))
        found[way] = score
    return found


def test_the_loss_is_the_log_share_of_the_right_way_among_all_ways() -> None:
    one, emissions = chain(), torch.randn(7, 3, generator=torch.Generator().manual_seed(1))
    targets, lengths = torch.tensor([0, 1, 2, 0, 1, 1, 2]), torch.tensor([4, 1, 2])
    losses = one.losses(emissions, targets, lengths)
    for loss, own, tags in zip(losses, emissions.split([4, 1, 2]), targets.split([4, 1, 2]), strict=True):
        ways = of_all_ways(one, own)
        total = np.logaddexp.reduce(list(ways.values()))
        assert float(loss.detach()) == pytest.approx(total - ways[tuple(tags.tolist())], abs=1e-4)


def test_marginals_are_the_sums_over_all_ways() -> None:
    one, emissions = chain(), torch.randn(5, 3, generator=torch.Generator().manual_seed(2))
    found = one.marginals(emissions, torch.tensor([3, 2]))
    ways = of_all_ways(one, emissions[:3])
    total = np.logaddexp.reduce(list(ways.values()))
    for word, tag in product(range(3), range(3)):
        own = np.logaddexp.reduce([score for way, score in ways.items() if way[word] == tag])
        assert float(found[word, tag]) == pytest.approx(own - total, abs=1e-4)


def test_words_of_a_window_stand_together_and_windows_without_words_are_left_out() -> None:
    batch = collate(TOKENS[:3], "cpu", places=[np.array([1, 2, 4]), np.array([], np.int64), np.array([0])])
    assert runs_of(batch, 7).tolist() == [3, 1]


@pytest.mark.parametrize("kind", ["convolutions", "recurrent"])
def test_what_a_text_scores_depends_on_no_other_text_of_its_batch(kind: str) -> None:
    table = torch.randn(12, 6, generator=torch.Generator().manual_seed(0))
    network = TokenNetwork(Shape(kind, 12, 6, 5, 3), table, seed=1).eval()  # type: ignore[arg-type]
    together = network(collate(TOKENS, "cpu"))
    alone = torch.cat([network(collate([one], "cpu")) for one in TOKENS])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["convolutions", "recurrent"])
def test_a_text_without_a_token_scores_too(kind: str) -> None:
    network = TokenNetwork(Shape(kind, 12, 6, 5, 3), seed=1).eval()  # type: ignore[arg-type]
    empty = np.zeros(0, np.int32)
    assert network(collate([empty, empty], "cpu")).isfinite().all()
    assert network(collate([empty, TOKENS[1]], "cpu")).isfinite().all()


def test_a_seed_draws_the_weights_and_leaves_chance_to_others_as_it_was() -> None:
    shape = Shape("convolutions", 12, 6, 5, 3)
    torch.manual_seed(7)
    wanted = torch.rand(1)
    torch.manual_seed(7)
    one, again, other = (TokenNetwork(shape, seed=seed).head.weight for seed in (1, 1, 2))
    assert torch.equal(torch.rand(1), wanted)
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_principal_axes_are_those_of_the_singular_values() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32) @ np.diag([5, 4, 3, 2, 1, 0.5])
    axes = principal_axes(vectors.astype(np.float32), 3)
    wanted = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)[2][:3]
    np.testing.assert_allclose(np.abs(wanted @ axes), np.eye(3), atol=1e-2)
    assert principal_axes(vectors.astype(np.float32), 99).shape == (6, 6)


def test_a_table_keeps_what_tokens_have_to_do_with_each_other(tiny_base: str, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    base = resolve(tiny_base, tmp_path_factory.mktemp("cache"))
    inputs = load_encoder(base).get_input_embeddings().weight.detach().numpy()
    found = token_table(base, 8)
    assert found.shape == inputs.shape
    assert token_table(base, 3).shape == (len(inputs), 3)
    centred, turned = inputs - inputs.mean(axis=0), found - found.mean(axis=0)
    scale = np.linalg.norm(turned) / np.linalg.norm(centred)  # whole, it is only turned and scaled
    np.testing.assert_allclose(turned @ turned.T, scale**2 * (centred @ centred.T), atol=1e-3)

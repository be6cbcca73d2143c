import pytest
import torch
from torch import nn

from haoqi.core.errors import UserError
from haoqi.models.encoders.adapters.adapter import kinds
from haoqi.models.encoders.adapters.adaptive_rank import TripletLinear
from haoqi.models.encoders.adapters.linear_layers import linear_layers
from haoqi.models.encoders.adapters.low_rank import DecomposedLinear
from haoqi.models.encoders.adapters.rank_budget import RankBudget


def bert(layers: int = 3) -> nn.Module:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        hidden_size=8, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=16, vocab_size=60
    )
    return BertModel(config, add_pooling_layer=False).eval()


def test_layers_are_found_by_their_part_and_the_last_of_each_is_known() -> None:
    found = linear_layers(bert())
    assert len(found) == 18
    assert [place.part for place in found[:6]] == ["attention"] * 4 + ["mlp"] * 2
    assert {place.name for place in found if place.closes} == {
        f"encoder.layer.{number}.{part}" for number in range(3) for part in ("attention.output.dense", "output.dense")
    }
    assert len(linear_layers(bert(), "mlp", first=2)) == 2


def test_the_same_is_found_in_networks_of_other_names() -> None:
    from transformers import DistilBertConfig, DistilBertModel, ModernBertConfig, ModernBertModel

    small = {"vocab_size": 60, "pad_token_id": 0}
    distil = DistilBertModel(DistilBertConfig(dim=8, n_layers=2, n_heads=2, hidden_dim=16, **small))
    assert {place.name.rpartition(".")[2] for place in linear_layers(distil) if place.closes} == {"out_lin", "lin2"}
    modern = ModernBertModel(
        ModernBertConfig(
            hidden_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=16,
            bos_token_id=1,
            eos_token_id=2,
            cls_token_id=1,
            sep_token_id=2,
            **small,
        )
    )
    assert {place.name.rpartition(".")[2] for place in linear_layers(modern) if place.closes} == {"Wo"}
    for name in ("scaling", "prefix"):
        with pytest.raises(UserError, match="ModernBert"):
            kinds.build(name).attach(modern)


def test_the_lengths_of_rows_are_those_of_the_sum() -> None:
    layer = DecomposedLinear(nn.Linear(12, 9), rank=3, scale=2.0)
    layer.reset()
    nn.init.normal_(layer.up)
    expected = (layer.weight + 2.0 * layer.up @ layer.down).norm(dim=1)
    torch.testing.assert_close(layer._lengths(), expected.detach())


def triplets(count: int, rank: int) -> list[TripletLinear]:
    found = []
    for _ in range(count):
        layer = TripletLinear(nn.Linear(5, 4), rank, 1.0)
        layer.reset()
        nn.init.ones_(layer.values)
        found.append(layer)
    return found


def test_a_budget_falls_by_a_cube_between_warming_up_and_cooling_down() -> None:
    budget = RankBudget.of(triplets(2, 6), 4)
    assert [budget.share(done) for done in (0.0, 0.2, 0.7, 1.0)] == pytest.approx([1, 1, 2 / 3, 2 / 3])
    assert budget.share(0.45) == pytest.approx(2 / 3 + 1 / 3 / 8)


def test_those_stay_that_the_loss_depends_on() -> None:
    """Of each layer another number: what counts is how much a triplet matters among all."""
    torch.manual_seed(0)
    modules = triplets(2, 4)
    budget = RankBudget.of(modules, 2)
    for step in range(20):
        for module, matters in zip(modules, ([1, 1, 1, 0], [0, 0, 1, 0]), strict=True):
            for weight in (module.right, module.values, module.left):
                weight.grad = torch.full_like(weight, 1e-6)
            module.values.grad = torch.tensor(matters) * (1.0 + step % 2)
        budget.after_step((step + 0.5) / 20)
    assert [module.values.tolist() for module in modules] == [[1, 1, 1, 0], [0, 0, 1, 0]]


def test_orthogonal_matrices_are_no_fault() -> None:
    (module,) = triplets(1, 3)
    nn.init.orthogonal_(module.right)
    nn.init.orthogonal_(module.left)
    budget = RankBudget.of([module], 2)
    with torch.no_grad():
        assert float(budget.penalty()) == pytest.approx(0.0, abs=1e-5)
        module.right.mul_(2)
        assert float(budget.penalty()) > 0.1

import torch
from torch import nn

from haoqi.train.objectives.shared_dropout import Hiding, hidden, learning_layers


def test_a_mask_is_one_for_all_places_of_a_row_and_leaves_the_mean() -> None:
    torch.manual_seed(0)
    layer, states = Hiding(0.25), torch.ones(400, 3, 8)
    found = layer(states)
    assert torch.equal(found, found[:, :1].expand(-1, 3, -1))
    assert abs(float(found.mean()) - 1) < 0.05
    assert set(found.unique().tolist()) == {0.0, float(torch.tensor(1 / 0.75))}
    assert not torch.equal(found[0], found[1])


def test_neither_attention_nor_evaluation_hides_anything() -> None:
    layer, chances = Hiding(0.5), torch.ones(2, 3, 4, 4)
    assert layer(chances) is chances
    assert layer.p == 0.0
    states = torch.ones(2, 3, 4)
    assert layer.eval()(states) is states


def test_only_layers_that_learn_hide_and_only_for_a_while() -> None:
    stack = nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0)) for _ in range(3)])
    module = nn.ModuleDict({"layers": stack})
    stack[0].requires_grad_(False)
    before = list(module.modules())
    with hidden(learning_layers(module), 0.1):
        kinds = [type(layer[1]) for layer in stack]  # type: ignore[index]
    assert kinds == [nn.Dropout, Hiding, Hiding]
    assert list(module.modules()) == before
    with hidden(learning_layers(module), 0.0):
        assert list(module.modules()) == before

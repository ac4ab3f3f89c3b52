import math

import pytest
import torch

from autobid_policies.common.config import Config, ModelConfig
from autobid_policies.common.data import Normaliser
from autobid_policies.common.model import Policy, ServedPolicy
from autobid_policies.common.rollout import Step, roll_out
from autobid_policies.common.serving import WindowPolicy
from market import LOG_GRID, NAMES

BANDED = ModelConfig(width=32, layers=3, heads=2, window=6, spans=(2, 3, 3))


def lively(config: ModelConfig) -> Policy:
    """Untrained, but with norms, biases and an action head that would show a mistake."""
    torch.manual_seed(7)
    policy = Policy(config, len(NAMES)).eval()
    with torch.no_grad():
        for name, parameter in policy.named_parameters():
            if "norm" in name or name.endswith("bias") and "action" not in name:
                parameter.add_(0.3 * torch.randn_like(parameter))
        policy.action_head.weight.normal_(std=0.5)
    return policy


class Rewindowed(WindowPolicy):
    """Forgets that the policy could stream: every step re-encodes its window, as the service does."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.stream = None


@pytest.mark.parametrize("config", [BANDED, ModelConfig(width=32, layers=1, heads=2, window=5, spans=(5,)), ModelConfig(arch="mlp", width=32)])
def test_a_streamed_day_is_the_re_encoded_one(logged, twin, spec, config):
    days, normaliser, policy = logged.take(torch.arange(20)), Normaliser.fit(logged.features, spec), lively(config)
    with torch.no_grad():
        streamed = roll_out(days, WindowPolicy(policy, normaliser, 0.98, days), twin, LOG_GRID)
        windowed = roll_out(days, Rewindowed(policy, normaliser, 0.98, days), twin, LOG_GRID)
    assert float(streamed.action.std()) > 0.1
    assert torch.allclose(streamed.action, windowed.action, atol=2e-4)


def test_gradients_of_a_streamed_day_are_those_of_the_re_encoded_one(logged, twin, spec):
    days, normaliser, policy = logged.take(torch.arange(6)), Normaliser.fit(logged.features, spec), lively(BANDED)
    wanted = [p for name, p in policy.named_parameters() if not name.startswith(("beta", "value"))]
    found = [torch.autograd.grad(roll_out(days, kind(policy, normaliser, 0.98, days), twin, LOG_GRID).score().sum(), wanted)
             for kind in (WindowPolicy, Rewindowed)]
    for streamed, windowed in zip(*found):
        assert torch.allclose(streamed, windowed, atol=1e-4 + 2e-3 * float(windowed.abs().max()))


def test_the_served_graph_computes_no_more_than_it_needs_and_the_same():
    policy = lively(BANDED)
    length = BANDED.window
    inputs = (torch.rand(5, length), torch.randn(5, length, len(NAMES)), torch.randn(5, length), torch.arange(length).expand(5, -1), torch.ones(5, length))
    inputs[4][2, :3] = 0
    with torch.no_grad():
        whole = policy(*inputs)
        served = ServedPolicy(policy)(*inputs)
    for all_tokens, last in zip(whole, served):
        assert torch.allclose(all_tokens[:, -1], last, atol=1e-5)
    assert policy.trunk._needed(length, True) == [5, 3, 1]


def test_spans_reach_back_exactly_one_window():
    """The first token of the window matters to the last; with one span less it would not, with one more the service could not know."""
    policy = lively(BANDED)
    length = BANDED.window
    states = torch.randn(1, length, len(NAMES))
    rest = (torch.zeros(1, length), torch.arange(length).expand(1, -1), torch.ones(1, length))
    with torch.no_grad():
        before, _, _ = policy(torch.ones(1, length), states, *rest)
        states[:, 0] += 1
        after, _, _ = policy(torch.ones(1, length), states, *rest)
    assert abs(float(before[0, -1] - after[0, -1])) > 1e-6
    for spans in ((2, 3, 2), (2, 3, 4), (6, 1), (6, 0, 2)):
        with pytest.raises(ValueError, match="spans"):
            Config.parse({"model": {"window": 6, "layers": 3, "heads": 2, "width": 32, "spans": list(spans)}})


def test_returns_asked_for_fall_as_they_are_gained(logged, twin, spec):
    days = logged.take(torch.arange(3))
    seen = []

    class Spy(WindowPolicy):
        def __call__(self, now: Step):
            action = super().__call__(now)
            seen.append(self.parts[-1][0])
            return action

    policy = Policy(ModelConfig(width=32, layers=1, heads=2), len(NAMES)).eval()
    with torch.no_grad():
        played = roll_out(days, Spy(policy, Normaliser.fit(logged.features, spec), 0.7, days, gained_with=torch.full((3,), 2.0)), twin, LOG_GRID)
    assert torch.allclose(seen[0], torch.full((3,), 0.7))
    value, cost = played.value[:, :10].sum(1), played.cost[:, :10].sum(1)
    gained = value * (value / cost).clamp(max=1.0) ** 2
    assert torch.allclose(seen[10], 0.7 - gained, atol=1e-5)
    assert math.isfinite(float(seen[-1].sum()))

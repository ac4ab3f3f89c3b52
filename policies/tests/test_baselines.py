import math

import pytest
import torch

from autobid_policies.baselines.cql import ConservativeQ
from autobid_policies.baselines.critics import TwinQ, follow, target_of, transitions
from autobid_policies.baselines.iql import ImplicitQ, advantage_weight
from autobid_policies.common.config import Config
from autobid_policies.common.data import LOG_MAX, LOG_MIN, STEPS, Normaliser
from autobid_policies.common.model import Policy
from autobid_policies.common.windows import Pool, cut, random_windows
from autobid_policies.gave.critic import Critic
from autobid_policies.gave.losses import gave_losses, exploration_weight
from autobid_policies.common.losses import lower_bound
from market import NAMES

SMALL = {"arch": "mlp", "width": 16}


@pytest.fixture()
def windows(logged, spec):
    normaliser = Normaliser.fit(logged.features, spec)
    return random_windows(Pool.of_log(logged, "none"), 48, 12, normaliser, None, torch.Generator().manual_seed(3))


def config(objective: str, **offline) -> Config:
    return Config.parse({"objective": objective, "condition": "none", "model": SMALL, "offline": {"qWidth": 16, **offline}})


def test_rewards_add_up_to_the_score(logged, spec):
    """Over a whole day in overlapping windows: S_t - S_{t-1}, and nothing follows the last step."""
    pool = Pool.of_log(logged, "none")
    assert float(pool.condition.abs().max()) == 0
    normaliser = Normaliser.fit(logged.features, spec)
    total = torch.zeros(1)
    for start in range(0, STEPS, 11):
        w = cut(pool, torch.tensor([5]), torch.tensor([start]), 12, normaliser, None)
        step = transitions(w, config("iql"))
        total = total + (step.reward * step.weight).sum()
        ends = w.timesteps == STEPS - 1
        assert float((step.goes_on * ends * w.mask).sum()) == 0
        assert float((step.weight * w.mask)[:, :-1].sum()) == float(w.mask[:, :-1].sum())
    assert float(total) == pytest.approx(float(pool.target[5, 0]), abs=1e-5)


def test_the_successor_of_a_token_is_the_next_one(windows):
    step = transitions(windows, config("iql"))
    known = step.goes_on[:, :-1] > 0
    assert torch.equal(step.following[:, :-1][known], step.state[:, 1:][known])
    assert known.any() and float(step.weight[:, -1].sum()) == float(windows.is_end[:, -1].sum())


def test_a_conservative_q_presses_down_what_the_logs_do_not_have(windows):
    torch.manual_seed(0)
    gaps = {}
    for weight in (0.0, 10.0):
        torch.manual_seed(1)
        objective, policy = ConservativeQ(config("cql", conservative=weight), len(NAMES), torch.device("cpu")), Policy(Config.parse({"model": SMALL}).model, len(NAMES))
        optimiser = torch.optim.Adam([*objective.q.parameters(), *policy.parameters()], lr=3e-3)
        for _ in range(60):
            optimiser.zero_grad()
            objective.loss(policy, windows).total.backward()
            optimiser.step()
            objective.stepped()
        step = transitions(windows, objective.config)
        logged = objective.q(step.state, windows.action).mean(0)
        anywhere = torch.stack([objective.q(step.state, torch.full_like(windows.action, float(a))).mean(0)
                                for a in torch.linspace(LOG_MIN, LOG_MAX, 15)]).mean(0)
        gaps[weight] = float(((logged - anywhere) * windows.mask).sum() / windows.mask.sum())
    assert gaps[10.0] > max(0.0, gaps[0.0]) + 0.05


def test_the_penalty_of_a_flat_q_is_nothing(windows):
    objective = ConservativeQ(config("cql"), len(NAMES), torch.device("cpu"))
    with torch.no_grad():
        for parameter in objective.q.parameters():
            parameter.zero_()
    policy = Policy(objective.config.model, len(NAMES))
    assert float(objective.loss(policy, windows).parts["penalty"]) == pytest.approx(0.0, abs=1e-6)


def test_the_actor_of_cql_moves_no_critic(windows):
    objective = ConservativeQ(config("cql", conservative=0.0), len(NAMES), torch.device("cpu"))
    policy = Policy(objective.config.model, len(NAMES))
    loss = objective.loss(policy, windows)
    actor_only = loss.total - loss.total.detach() + 0 * loss.parts["actor"]
    actor_only.backward()
    assert all(p.requires_grad for p in objective.q.parameters()), "the switch is given back"
    assert all(p.grad is None for p in objective.slow.parameters())
    assert any(float(p.grad.abs().max()) > 0 for p in policy.action_head.parameters())


def test_iql_weights_by_hand():
    weight = advantage_weight(torch.tensor([0.2, 0.0, -0.2, 9.0]), 3.0, torch.tensor(0.2))
    assert torch.allclose(weight, torch.tensor([math.e**3, 1.0, math.exp(-3), 100.0]))


def test_iql_learns_the_upper_part_of_q_and_imitates_what_beats_it(windows):
    torch.manual_seed(2)
    objective = ImplicitQ(config("iql", expectile=0.9, temperature=3.0, targetRate=0.1), len(NAMES), torch.device("cpu"))
    policy = Policy(objective.config.model, len(NAMES))
    optimiser = torch.optim.Adam([*objective.q.parameters(), *objective.v.parameters(), *policy.parameters()], lr=3e-3)
    first = None
    for _ in range(80):
        optimiser.zero_grad()
        loss = objective.loss(policy, windows)
        loss.total.backward()
        optimiser.step()
        objective.stepped()
        first = first or loss
    assert float(loss.parts["critic"]) < 0.5 * float(first.parts["critic"])
    step = transitions(windows, objective.config)
    with torch.no_grad():
        q, v = objective.slow.lower(step.state, windows.action), objective.v(step.state).squeeze(2)
    above = ((q < v).float() * windows.mask).sum() / windows.mask.sum()
    assert float(above) > 0.55, "an expectile of 0.9 lies above most"


def test_targets_follow_slowly_and_take_no_gradient():
    q = TwinQ(3, 8)
    slow = target_of(q)
    with torch.no_grad():
        for parameter in q.parameters():
            parameter.add_(1.0)
    before = [p.clone() for p in slow.parameters()]
    follow(slow, q, 0.25)
    assert all(torch.allclose(p, b + 0.25) for p, b in zip(slow.parameters(), before))
    assert not any(p.requires_grad for p in slow.parameters())


def test_the_papers_critic_prefers_the_dominated_action():
    """Its input is r_t and it predicts r_{t+1} = r_t - gain: the better an action, the lower its answer (policies.md section 3)."""
    torch.manual_seed(0)
    model = Config.parse({"model": {"width": 32, "layers": 1, "heads": 2, "criticWidth": 16, "window": 4}}).model
    critic = Critic(model, 3, returns=True)
    assert critic.members[0].trunk.embed.in_features == 3 + 2 + model.timeDim
    optimiser = torch.optim.Adam(critic.parameters(), lr=5e-3)
    states, mask, steps = torch.randn(64, 4, 3), torch.ones(64, 4), torch.arange(4).expand(64, 4)
    for _ in range(120):
        returns, action = torch.rand(64, 4), torch.rand(64, 4) * 2 - 1
        gain = 0.5 - action**2
        history = critic.encode(states, torch.zeros(64, 4), steps, mask, returns)
        loss = ((critic.value(history, action) - (returns - gain)) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    history = critic.encode(states, torch.zeros(64, 4), steps, mask, torch.full((64, 4), 0.5))
    best, far = (lower_bound(critic.value(history, torch.full((64, 4), a))) for a in (0.0, 0.8))
    assert float(exploration_weight(far, best, 10.0).min()) > 0.5


def test_rows_without_value_have_no_value_loss(windows):
    torch.manual_seed(0)
    settings = Config.parse({"model": {"width": 32, "layers": 1, "heads": 2, "criticWidth": 16}, "offline": {"value": False}})
    policy, critic = Policy(settings.model, len(NAMES)), Critic(settings.model, len(NAMES))
    found = gave_losses(policy, critic, windows, settings.offline, None)
    assert float(found.expectile) == 0.0
    found.total.backward()
    assert policy.value_head.weight.grad is None or float(policy.value_head.weight.grad.abs().max()) == 0
    assert float(policy.beta_head[0].weight.grad.abs().max()) > 0

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autobid_policies.common.data import STEPS, FeatureDropout, Normaliser
from autobid_policies.common.losses import expectile, lower_bound, mean
from autobid_policies.common.rollout import roll_out
from autobid_policies.common.config import Config, FineTuneConfig, ModelConfig, OfflineConfig
from autobid_policies.common.model import Policy, parameters
from autobid_policies.common.objective import Imitation
from autobid_policies.common.serving import WindowPolicy
from autobid_policies.common.windows import Pool, cut, measure, random_windows, sample_days
from autobid_policies.gave.critic import Critic
from autobid_policies.gave.losses import action_term, exploration_weight, frozen, gave_losses
from market import LOG_GRID, NAMES

SMALL = ModelConfig(width=32, layers=2, heads=2, criticWidth=16)


@pytest.fixture()
def batch(logged, spec):
    torch.manual_seed(3)
    normaliser = Normaliser.fit(logged.features, spec)
    return random_windows(Pool.of_log(logged), 16, SMALL.window, normaliser, None, torch.Generator().manual_seed(3))


def test_loss_terms_by_hand():
    assert torch.allclose(expectile(torch.tensor([2.0, -2.0]), 0.8), torch.tensor([3.2, 0.8]))
    assert mean(torch.tensor([1.0, 5.0, 9.0]), torch.tensor([1.0, 1.0, 0.0])).item() == 3.0
    assert mean(torch.tensor([1.0]), torch.tensor([0.0])).item() == 0.0
    assert lower_bound(torch.tensor([[1.0], [2.0], [3.0]])).item() == pytest.approx(2 - math.sqrt(2 / 3), abs=1e-4)
    # (1 - 0.25) * (0.5 - 0)^2 + 0.25 * (0.5 - 1)^2
    term = action_term(torch.tensor(0.5), torch.tensor(0.0), torch.tensor(1.0), torch.tensor(0.25))
    assert term.item() == pytest.approx(0.75 * 0.25 + 0.25 * 0.25)
    assert exploration_weight(torch.tensor(0.3), torch.tensor(0.2), 10.0).item() == pytest.approx(1 / (1 + math.exp(-1)))


class Fixed(torch.nn.Module):
    """Stands for a policy or a critic whose answers are known."""

    def __init__(self, **answers):
        super().__init__()
        self.returns = False
        self.answers = {name: torch.tensor(answer) for name, answer in answers.items()}

    def forward(self, *_):
        return self.answers["action"], self.answers["beta"], self.answers["value"]

    def log_multiplier(self, action, base):
        return action

    def encode(self, *_):
        return [torch.zeros(1)]

    def value(self, history, action):
        # One member says a, the other 2 a: the lower bound is 1.5 a - 0.5 |a|.
        return torch.stack([action, 2 * action])


def test_the_whole_loss_by_hand(batch):
    """One window of three tokens: padding, a hindsight label, a logged step."""
    row = lambda *numbers: torch.tensor([numbers])
    w = replace(batch, action=row(9.0, 0.5, 0.4), target=row(9.0, 0.6, 0.3), base=row(0.0, 0.0, 0.0), mask=row(0.0, 1.0, 1.0),
                loss_mask=row(0.0, 1.0, 1.0), explore_mask=row(0.0, 0.0, 1.0))
    policy = Fixed(action=[[9.0, 0.1, 0.2]], beta=[[1.0, 1.0, math.exp(0.2)]], value=[[9.0, 0.7, 0.1]])
    config = OfflineConfig(weightCritic=2.0, weightExpectile=3.0, weightExplore=5.0, expectile=0.8)
    found = gave_losses(policy, Fixed(), w, config, 10.0)
    # q at 0.5: 0.5 and 1 against 0.6; at 0.4: 0.4 and 0.8 against 0.3.
    critic = ((0.1**2 + 0.4**2) / 2 + (0.1**2 + 0.5**2) / 2) / 2
    # V 0.7 above 0.6, 0.1 below 0.3.
    optimistic = (0.2 * 0.1**2 + 0.8 * 0.2**2) / 2
    # Only the logged step explores: to 0.4 + 0.2, whose bound is 0.6, that of 0.4 is 0.4.
    pull, weight = (0.6 - 0.1)**2, 1 / (1 + math.exp(-10 * (0.6 - 0.4)))
    imitation = (0.4**2 + (1 - weight) * 0.2**2 + weight * 0.4**2) / 2
    for term, wanted in ((found.critic, critic), (found.expectile, optimistic), (found.explore, pull), (found.action, imitation),
                         (found.total, imitation + 2 * critic + 3 * optimistic + 5 * pull)):
        assert float(term) == pytest.approx(wanted, abs=1e-4)
    assert found.weight.tolist() == pytest.approx([weight], abs=1e-4)
    # Without V nothing anchors q~.
    assert float(gave_losses(policy, Fixed(), w, replace(config, value=False), None).explore) == pytest.approx(-0.6, abs=1e-4)


def test_returns_are_of_expected_value_whatever_was_drawn(logged):
    column = NAMES.index("conversions_so_far")
    lucky = replace(logged, features=logged.features.clone())
    lucky.features[:, :, column] += 1.0
    pool, other = Pool.of_log(logged), Pool.of_log(lucky)
    assert torch.equal(pool.target, other.target) and torch.equal(pool.condition, other.condition)
    key = int(torch.nonzero(logged.mode == 0)[0])

    def score(steps: int) -> float:
        value, cost = float(logged.value[key, :steps].sum()), float(logged.cost[key, :steps].sum())
        return value * min(1.0, value / max(cost, 1e-10)) ** 2

    for step in (0, 17, 47):
        assert float(pool.target[key, step]) == pytest.approx(score(48) - score(step), abs=1e-5)


def test_a_dominated_action_gets_less_than_half_the_weight():
    """A critic taught that log multiplier 0 is best gives w < 0.5 to a step away from it and > 0.5 to a step towards it."""
    torch.manual_seed(0)
    critic = Critic(SMALL, 3)
    optimiser = torch.optim.Adam(critic.parameters(), lr=5e-3)
    states, mask = torch.randn(64, 4, 3), torch.ones(64, 4)
    steps = torch.arange(4).expand(64, 4)
    for _ in range(60):
        action = torch.rand(64, 4) * 2 - 1
        loss = ((critic.value(critic.encode(states, torch.zeros(64, 4), steps, mask), action) + action**2) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    history = critic.encode(states, torch.zeros(64, 4), steps, mask)
    best, far = torch.zeros(64, 4), torch.full((64, 4), 0.7)
    dominated = exploration_weight(lower_bound(critic.value(history, far)), lower_bound(critic.value(history, best)), 10.0)
    better = exploration_weight(lower_bound(critic.value(history, best)), lower_bound(critic.value(history, far)), 10.0)
    assert float(dominated.max()) < 0.5 < float(better.min())


def test_what_pulls_the_explored_value_up_moves_beta_alone(batch):
    policy, critic = Policy(SMALL, len(NAMES)), Critic(SMALL, len(NAMES))
    only_explore = OfflineConfig(weightCritic=0.0, weightExpectile=0.0, weightExplore=1.0)
    batch.loss_mask = torch.zeros_like(batch.loss_mask)
    gave_losses(policy, critic, batch, only_explore, 5.0).total.backward()
    moved = {name for name, p in policy.named_parameters() if p.grad is not None and float(p.grad.abs().max()) > 0}
    assert moved and all(name.startswith("beta_head") for name in moved)
    assert all(p.grad is None or float(p.grad.abs().max()) == 0 for p in critic.parameters())
    assert all(p.requires_grad for p in critic.parameters()), "frozen() gives the gradient switch back"


def test_exploration_off_means_imitation(batch):
    policy, critic = Policy(SMALL, len(NAMES)).eval(), Critic(SMALL, len(NAMES))
    off = gave_losses(policy, critic, batch, OfflineConfig(), None)
    plain = Imitation(Config(), len(NAMES), torch.device("cpu")).loss(policy, batch).parts["action"]
    assert off.action.item() == pytest.approx(plain.item(), rel=1e-5)
    assert float(off.weight.max()) == 0.0
    assert float(gave_losses(policy, critic, batch, OfflineConfig(), 5.0).weight.min()) > 0.0


def test_frozen_restores_on_error():
    critic = Critic(SMALL, 3)
    with pytest.raises(RuntimeError), frozen(critic):
        raise RuntimeError
    assert all(p.requires_grad for p in critic.parameters())


def test_critic_sees_no_return_no_future_and_not_its_own_action(batch):
    torch.manual_seed(1)
    critic = Critic(SMALL, len(NAMES)).eval()
    assert critic.members[0].trunk.embed.in_features == len(NAMES) + 1 + SMALL.timeDim, "state, action before, time: nothing else"
    full = torch.ones_like(batch.mask)
    before = critic.value(critic.encode(batch.states, batch.previous, batch.timesteps, full), batch.action)
    states, previous = batch.states.clone(), batch.previous.clone()
    states[:, 11:] += 1
    previous[:, 11:] += 1
    after = critic.value(critic.encode(states, previous, batch.timesteps, full), batch.action)
    assert torch.allclose(before[:, :, :11], after[:, :, :11], atol=1e-6)
    assert not torch.allclose(before[:, :, 11:], after[:, :, 11:], atol=1e-3)


def test_the_policy_is_causal_and_deaf_to_padding(batch):
    policy = Policy(SMALL, len(NAMES)).eval()
    inputs = [batch.condition, batch.states, batch.previous, batch.timesteps]
    padded = torch.ones_like(batch.mask)
    padded[:, :7] = 0
    first, _, _ = policy(*inputs, padded)
    noisy = [tensor.clone() for tensor in inputs]
    noisy[1][:, :7] += 3
    noisy[2][:, :7] -= 1
    second, _, _ = policy(*noisy, padded)
    assert torch.allclose(first[:, 7:], second[:, 7:], atol=1e-5)
    short, _, _ = policy(*[tensor[:, 7:] for tensor in inputs], padded[:, 7:], last_only=True)
    assert torch.allclose(first[:, -1:], short, atol=1e-5), "a shorter window is the padded one"
    noisy[1][:, -1] += 3
    third, _, _ = policy(*noisy, padded)
    assert torch.allclose(second[:, 7:-1], third[:, 7:-1], atol=1e-5)


def test_student_is_small_and_starts_at_multiplier_one(logged, twin, spec):
    policy = Policy(ModelConfig(), len(NAMES)).eval()
    assert parameters(policy) <= 300_000
    player = WindowPolicy(policy, Normaliser.fit(logged.features, spec), 0.98, logged)
    with torch.no_grad():
        played = roll_out(logged, player, twin, LOG_GRID)
    assert float(played.action.abs().max()) < 0.6
    with torch.no_grad():
        policy.action_head.bias.fill_(100.0)
        action, beta, _ = policy(torch.ones(1, 1), torch.zeros(1, 1, len(NAMES)), torch.zeros(1, 1), torch.zeros(1, 1, dtype=torch.long),
                                 torch.ones(1, 1))
    assert float(action) == pytest.approx(math.log(4), abs=1e-4) and math.exp(-0.5) < float(beta) < math.exp(0.5)


def test_residual_stays_near_its_base(batch):
    policy = Policy(ModelConfig(width=32, layers=1, heads=2, action="residualToMpc"), len(NAMES)).eval()
    action, _, _ = policy(batch.condition, batch.states, batch.previous, batch.timesteps, batch.mask, batch.base, batch.base_mask)
    assert float(action.abs().max()) <= 0.6
    assert torch.allclose(policy.log_multiplier(action, batch.base), (action + batch.base).clamp(math.log(0.05), math.log(4)))


def test_windows_are_right_aligned_and_show_step_zero(logged, spec):
    pool, normaliser = Pool.of_log(logged), Normaliser.fit(logged.features, spec)
    w = cut(pool, torch.tensor([3, 4, 5]), torch.tensor([-19, 10, 40]), 20, normaliser, None)
    assert w.mask[0].tolist() == [0.0] * 19 + [1.0] and w.timesteps[0, -1] == 0 and w.previous[0, -1] == 0
    assert w.timesteps[1].tolist() == list(range(10, 30)) and torch.equal(w.previous[1], logged.action[4, 9:29])
    assert torch.equal(w.action[1], logged.action[4, 10:30])
    assert w.mask[2].sum() == 8 and w.timesteps[2, -1] == STEPS - 1 and w.states[2, :12].abs().sum() == 0
    drawn = random_windows(pool, 4000, 20, normaliser, None, torch.Generator().manual_seed(1))
    shows = ((drawn.timesteps == 0) & (drawn.mask > 0)).any(1).float().mean()
    assert float(shows) == pytest.approx(20 / 67, abs=0.03)


def test_efficiency_of_a_target_first_day_never_rewards_missing_the_target(logged):
    steps = torch.full((2, STEPS), 1 / STEPS)
    # Each key gains 1 for a cost of 1.2; the only bids that keep the target bring 0.5.
    table = torch.where(torch.arange(24) < 12, 0.5, 1.0).expand(2, STEPS, 24) / STEPS
    price = torch.where(torch.arange(24) < 12, 0.5, 1.2).expand(2, STEPS, 24) / STEPS
    days = replace(logged.take(torch.tensor([0, 1])), curve_value=table, curve_cost=price, value=steps, cost=1.2 * steps,
                   mode=torch.tensor([0, 1]))
    measured = measure(days, LOG_GRID)
    assert float(measured.s_star[1]) == pytest.approx(0.5, abs=0.06), "held to the target"
    assert float(measured.efficiency[0]) == pytest.approx(1.0, abs=0.05) and float(measured.efficiency[1]) < 0.6
    assert measure(replace(days, curve_value=table * 0, value=steps * 0), LOG_GRID).efficiency.tolist() == [0.0, 0.0]


def test_hindsight_days_end_near_the_best_and_label_only_their_suffix(logged, twin, spec):
    train = logged.where("train")
    generator = torch.Generator().manual_seed(2)
    pool = Pool.in_hindsight(train, FineTuneConfig(), 64, twin, LOG_GRID, False, generator)
    assert float(pool.condition.min()) >= 0.97 and float(pool.condition.max()) <= 1.0
    w = random_windows(pool, 200, 20, Normaliser.fit(logged.features, spec), None, generator)
    assert float(w.explore_mask.max()) == 0.0
    assert 0 < float(w.loss_mask.sum()) < float(w.mask.sum())
    # From the start of the suffix no logged behaviour gains as much as the oracle did.
    whole = Pool.in_hindsight(train, FineTuneConfig(budgetScale=(1.0, 1.0), targetScale=(1.0, 1.0), permute=False), 64, twin, LOG_GRID,
                              False, generator)
    assert float(whole.target[:, 0].mean()) > float(Pool.of_log(train).target[:, 0].mean())


def test_permuted_days_take_budget_and_target_together(logged, twin):
    scale = FineTuneConfig(budgetScale=(1.0, 1.0), targetScale=(1.0, 1.0))
    days = sample_days(logged, scale, 200, twin, LOG_GRID, False, torch.Generator().manual_seed(4))
    pairs = {(round(float(b), 1), round(float(t), 2)) for b, t in zip(logged.budget, logged.target)}
    assert {(round(float(b), 1), round(float(t), 2)) for b, t in zip(days.budget, days.target)} <= pairs
    assert torch.allclose(days.forecast_cost[0, 0, 0].isfinite().float(), torch.tensor(1.0))


def test_config_refuses_unknown_names():
    with pytest.raises(ValueError, match="offline.*stepz"):
        Config.parse({"offline": {"stepz": 3}})
    assert Config.parse(Config().as_dict()) == Config()


def test_dropout_masks_reach_the_policy_as_hidden_columns(logged, spec):
    keep = FeatureDropout(spec).hide(("regime",), "cpu").expand(2, -1)
    normaliser = Normaliser.fit(logged.features, spec)
    w = cut(Pool.of_log(logged), torch.tensor([0, 1]), torch.tensor([5, 6]), 20, normaliser, keep)
    assert torch.equal(w.states[:, :, 19], torch.zeros(2, 20)), "flag 0"
    assert torch.allclose(w.states[:, :, 18], -(normaliser.mean / normaliser.std)[18].expand(2, 20))


@pytest.mark.parametrize("path", sorted((Path(__file__).parent.parent / "configs").glob("*.json")), ids=lambda path: path.stem)
def test_shipped_configs_are_valid_and_small(path):
    config = Config.read(path)
    if path.stem != "gave-teacher":
        assert parameters(Policy(config.model, len(NAMES))) <= 300_000
    assert parameters(Policy(config.model, len(NAMES))) <= 4_000_000

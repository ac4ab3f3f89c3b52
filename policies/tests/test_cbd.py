import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from autobid_policies.cbd.flows import LIMIT, MULTIPLIER, SIZE, SPEND, FlowScale, of_days
from autobid_policies.cbd.objective import CbdObjective
from autobid_policies.cbd.planner import Situation, misfit
from autobid_policies.cbd.policy import PlanPolicy
from autobid_policies.cbd.returns import ReturnModel
from autobid_policies.cbd.schedule import clean_of, ladder, noised, signal, step_down, target_of
from autobid_policies.common import checkpoint, export
from autobid_policies.common.config import Config
from autobid_policies.common.data import STEPS, Normaliser
from autobid_policies.common.rollout import roll_out
from autobid_policies.common.trainer import Trainer
from autobid_policies.common.windows import Pool
from autobid_policies.families import noise_for, player_of
from market import LOG_GRID, NAMES

import onnx_numpy

RAW = {"name": "cbd", "objective": "cbd", "device": "cpu", "threads": 1, "validateKeys": 24, "validateEvery": 1000, "reportBudgets": [1.0],
       "model": {"width": 32, "layers": 2, "heads": 2, "window": 12, "spans": [6, 7]},
       "diffusion": {"width": 32, "layers": 1, "heads": 2, "conditionWidth": 16, "samplingSteps": 3},
       "offline": {"steps": 60, "batch": 48, "warmUp": 2, "learningRate": 0.004, "relabelFraction": 0.0}, "fineTune": {"steps": 0}}


def config(**diffusion) -> Config:
    return Config.parse({**RAW, "diffusion": {**RAW["diffusion"], **diffusion}})


@pytest.fixture(scope="module")
def normaliser(logged, spec):
    return Normaliser.fit(logged.features, spec)


def untrained(logged, normaliser, **diffusion) -> PlanPolicy:
    torch.manual_seed(5)
    policy = PlanPolicy(config(**diffusion), tuple(NAMES))
    for parameter in policy.parameters():
        # Gates and last layers begin at 0, which would hide what depends on them.
        if not parameter.detach().any():
            torch.nn.init.normal_(parameter, std=0.1)
    torch.nn.init.normal_(policy.inverse.net[2].weight, std=0.5)
    policy.fit(logged, normaliser)
    return policy.eval()


@pytest.fixture(scope="module")
def policy(logged, normaliser):
    return untrained(logged, normaliser)


def windows(policy, logged, normaliser, count=24, seed=3):
    objective = CbdObjective(config(), len(NAMES), torch.device("cpu"))
    return objective.batch(policy, Pool.of_log(logged), count, 12, normaliser, None, torch.Generator().manual_seed(seed))


def situation(policy, batch) -> Situation:
    return policy.situation(batch.condition, batch.states, batch.timesteps, batch.mask)


def test_signal_falls_from_one_and_the_ladder_ends_above_clean():
    left = signal(64)
    assert left[0] == 1 and left[-1] < 0.01 and bool((left[1:] <= left[:-1]).all())
    assert ladder(64, 5) == [64, 51, 38, 26, 13] and ladder(10, 1) == [10]
    with pytest.raises(ValueError, match="1 to 64"):
        ladder(64, 65)


@pytest.mark.parametrize("predicts", ["v", "eps"])
def test_a_net_that_knows_the_noise_leads_ddim_back_to_the_day(predicts):
    torch.manual_seed(1)
    clean, noise, alphas = torch.randn(3, STEPS, SIZE), torch.randn(3, STEPS, SIZE), signal(64)
    rungs = [*ladder(64, 7), 0]
    x = noised(clean, noise, alphas[64].view(1, 1, 1))
    for step, following in zip(rungs, rungs[1:]):
        alpha = alphas[step].view(1, 1, 1)
        told = target_of(clean, (x - torch.sqrt(alpha) * clean) / torch.sqrt(1 - alpha), alpha, predicts)
        x = step_down(x, clean_of(x, told, float(alphas[step]), predicts), float(alphas[step]), float(alphas[following]))
    assert torch.allclose(x, clean, atol=2e-3)


@pytest.mark.parametrize("states", ["flows", "means"])
def test_rows_tell_the_flows_of_the_steps_before(logged, normaliser, states):
    policy = untrained(logged, normaliser, states=states)
    batch = windows(policy, logged, normaliser)
    now = situation(policy, batch)
    day = policy.scale(batch.flows)
    assert torch.equal(now.at.argmax(1), batch.timesteps[:, -1])
    assert bool((now.known * now.future == 0).all())
    # All closed steps of the last twelve, and no others.
    assert torch.equal(now.known.sum(1), batch.timesteps[:, -1].clamp(max=12).float())
    gap = ((now.history - day).abs() * now.known.unsqueeze(2)).amax((0, 1))
    assert bool((gap < 0.05).all()), gap


def test_every_plan_is_legal_whatever_the_net_says(policy, logged, normaliser):
    batch = windows(policy, logged, normaliser, 64)
    now = situation(policy, batch)
    wild = 60 * torch.randn(64, STEPS, SIZE)
    outlook = policy.scale.outlook(wild, now.future, now.row)
    assert bool((policy.scale.legal(outlook) == 1).all())
    assert bool((outlook.spend * (1 - now.future) == 0).all())
    left, _ = policy.scale.standing(now.row)
    assert bool((outlook.spend.sum(1) <= left + 1e-5).all())


def test_running_means_can_plan_what_is_not_legal(logged, normaliser):
    policy = untrained(logged, normaliser, states="means")
    batch = windows(policy, logged, normaliser, 64)
    now = situation(policy, batch)
    # A mean that falls from one step to the next spends less than nothing.
    falling = torch.linspace(1.0, 0.0, STEPS).view(1, STEPS, 1).expand(64, -1, SIZE)
    early = batch.timesteps[:, -1] < 40
    assert bool((policy.scale.legal(policy.scale.outlook(falling, now.future, now.row))[early] == 0).all())


def test_flows_read_back_as_what_was_spent_and_gained(policy, logged, normaliser):
    batch = windows(policy, logged, normaliser)
    now = situation(policy, batch)
    flows = of_days(logged.features, policy.price, logged.action, logged.cost, logged.value)
    first = torch.zeros(len(logged), STEPS)
    first[:, :] = 1.0
    row = normaliser(logged.features[:, 0])
    outlook = policy.scale.outlook(flows, first, row)
    assert torch.allclose(outlook.spent_end, logged.cost.sum(1), atol=0.02)
    assert torch.allclose(outlook.value_end, logged.value.sum(1), atol=0.02)
    assert now.row.shape == (24, len(NAMES))


def test_the_gradient_written_out_is_autograds():
    torch.manual_seed(2)
    model = ReturnModel(len(NAMES)).double()
    flows = torch.randn(7, STEPS, SIZE, dtype=torch.float64, requires_grad=True)
    known, future = torch.rand(7, STEPS).round().double(), torch.rand(7, STEPS).round().double()
    row = torch.randn(7, len(NAMES), dtype=torch.float64)
    promised, gradient = model.with_gradient(flows, known, future, row)
    assert torch.allclose(promised, model(flows, known, future, row), atol=1e-12)
    wanted, = torch.autograd.grad(model(flows, known, future, row).sum(), flows)
    assert float((gradient - wanted).abs().max()) < 1e-5 * float(wanted.abs().max())


def test_only_the_suffix_is_noised_and_counted(policy, logged, normaliser):
    batch = windows(policy, logged, normaliser)
    objective = CbdObjective(config(), len(NAMES), torch.device("cpu"))
    now = situation(policy, batch)
    past = (1 - now.future).unsqueeze(2)

    def fitted(day):
        torch.manual_seed(4)
        return objective._completer(policy, batch, now, day)[0]

    day = policy.scale(batch.flows)
    assert torch.equal(fitted(day), fitted(day + 3 * past))
    assert not torch.equal(fitted(day), fitted(day + 0.5 * (1 - past)))
    whole = CbdObjective(config(suffixOnly=False), len(NAMES), torch.device("cpu"))
    torch.manual_seed(4)
    before = whole._completer(policy, batch, now, day)[0]
    torch.manual_seed(4)
    assert not torch.equal(before, whole._completer(policy, batch, now, day + 3 * past)[0])


@pytest.mark.parametrize("changes", [{}, {"distilled": False}, {"suffixOnly": False}, {"choice": "guide"}, {"arch": "unet"}])
def test_history_stays_as_it_was_observed(logged, normaliser, changes):
    policy = untrained(logged, normaliser, **changes)
    now = situation(policy, windows(policy, logged, normaliser))
    noise = torch.randn(24, STEPS, SIZE)
    with torch.no_grad():
        plan = policy.planner.sample(now, noise)
        other = policy.planner.sample(now, torch.randn(24, STEPS, SIZE))
    past = (1 - now.future).unsqueeze(2)
    assert torch.equal(plan * past, now.history * past)
    assert float((plan * (1 - past)).abs().max()) <= LIMIT + 0.5
    assert not torch.allclose(plan, other)


def test_an_aligned_plan_is_kept_only_where_it_is_better(policy, logged, normaliser):
    now = situation(policy, windows(policy, logged, normaliser, 64))
    sampled = 0.3 * torch.randn(64, STEPS, SIZE) * now.future.unsqueeze(2) + now.history
    planner = policy.with_options(choice="align", alignRate=100.0, alignReach=0.3).planner
    with torch.no_grad():
        found = planner.align(sampled, now)
        untouched = policy.with_options(choice="none").planner.align(sampled, now)
        moved = (found.plan - sampled) * now.future.unsqueeze(2)
    assert bool((found.after <= found.before).all()) and bool((found.after < found.before).any())
    assert torch.equal(untouched.plan, sampled)
    assert torch.equal(found.plan * (1 - now.future).unsqueeze(2), sampled * (1 - now.future).unsqueeze(2))
    size = torch.sqrt((moved ** 2).sum((1, 2))) / torch.sqrt(((sampled * now.future.unsqueeze(2)) ** 2).sum((1, 2)))
    assert float(size.max()) <= 0.35
    # Whoever promises more than was asked for is left alone; the paper's misfit would make such a plan worse.
    modest = replace(now, asked=found.promised - 1.0)
    with torch.no_grad():
        assert torch.equal(planner.align(sampled, modest).plan, sampled)
        two_sided = policy.with_options(alignRate=100.0, alignReach=0.3, twoSided=True).planner.align(sampled, modest)
    assert not torch.equal(two_sided.plan, sampled)
    assert misfit(torch.tensor(2.0), torch.tensor(1.0), False) == 0 and misfit(torch.tensor(2.0), torch.tensor(1.0), True) == 1


def test_a_plan_unlike_any_day_is_rejected(logged, normaliser):
    policy = untrained(logged, normaliser, alignRate=100.0, alignReach=0.3)
    now = situation(policy, windows(policy, logged, normaliser))
    sampled = 0.3 * torch.randn(24, STEPS, SIZE) * now.future.unsqueeze(2) + now.history
    with torch.no_grad():
        assert not torch.equal(policy.planner.align(sampled, now).plan, sampled)
        policy.scale.reach.zero_()
        assert torch.equal(policy.planner.align(sampled, now).plan, sampled)


def test_best_of_several_has_the_smallest_misfit(policy, logged, normaliser):
    now = situation(policy, windows(policy, logged, normaliser))
    best = policy.with_options(choice="best", samples=6)
    noise = torch.randn(24, best.noises, STEPS, SIZE)
    best.scale.reach.fill_(1e6)
    with torch.no_grad():
        found, one = best.planner.plan(now, noise)
        every, _ = policy.with_options(choice="none", noises=6).planner.plan(now, noise)
    assert best.noises == 6 and len(found.plan) == 24 and one is now
    assert torch.allclose(found.before, every.before.reshape(24, 6).min(1).values)


def test_a_changed_plan_changes_the_action(policy, logged, normaliser):
    batch = windows(policy, logged, normaliser)
    now = situation(policy, batch)
    hidden = torch.randn(24, 32)
    plan = policy.planner.sample(now, torch.randn(24, STEPS, SIZE)).detach()

    def action(z):
        outlook = policy.scale.outlook(policy.scale.natural(z), now.future, now.row)
        return policy.inverse(hidden, policy.scale.features(z, now.at, outlook))

    bolder = plan.clone()
    bolder[:, :, SPEND] += 1.0
    copied = plan.clone()
    copied[:, :, MULTIPLIER] += 1.0
    assert float((action(bolder) - action(plan)).abs().min()) > 1e-4
    # The planned multiplier would be copied: it is not told.
    assert torch.equal(action(copied), action(plan))


@pytest.mark.parametrize("changes", [{}, {"distilled": False, "noises": 3}, {"choice": "best", "samples": 3}])
def test_a_day_played_is_what_the_graph_plays(logged, twin, normaliser, changes):
    policy = untrained(logged, normaliser, **changes)
    days = logged.take(torch.arange(6))
    noise = noise_for(policy, 6, torch.Generator().manual_seed(2))
    with torch.no_grad():
        played = roll_out(days, player_of(policy, normaliser, 0.98, days, noise=noise), twin, LOG_GRID)
        for step in (0, 1, 7, 13, 47):
            steps = list(range(max(0, step - 11), step + 1))
            pad = 12 - len(steps)

            def left(x):
                return torch.cat([torch.zeros(6, pad, *x.shape[2:]), x], 1)

            before = torch.stack([played.action[:, s - 1] if s else torch.zeros(6) for s in steps], 1)
            mask = left(torch.ones(6, len(steps)))
            action, plan, promise = policy(0.98 * mask, left(normaliser(played.features[:, steps])), left(before),
                                           left(torch.tensor(steps).expand(6, -1)).long(), mask, noise[:, step])
            assert torch.allclose(action, played.action[:, step], atol=2e-4), step
            assert plan.shape == (6, STEPS, SIZE) and promise.shape == (6,)
            assert bool((plan[:, :step] == 0).all()) and bool((plan[:, :, 0] >= 0).all()) and bool((plan[:, :, 0].sum(1) <= 1 + 1e-4).all())


def test_decisions_repeat_with_their_noise(policy, logged, twin, normaliser):
    days = logged.take(torch.arange(4))

    def play(seed):
        noise = noise_for(policy, 4, torch.Generator().manual_seed(seed))
        with torch.no_grad():
            return roll_out(days, player_of(policy, normaliser, 0.98, days, noise=noise), twin, LOG_GRID).action

    assert torch.equal(play(1), play(1))
    assert not torch.equal(play(1), play(2))


@pytest.mark.parametrize("arch", ["transformer", "unet"])
def test_training_learns_every_part_and_exports(data, tmp_path, arch):
    raw = {**RAW, "diffusion": {**RAW["diffusion"], "arch": arch}, "fineTune": {"steps": 2, "batch": 8, "warmUp": 1, "ema": 0.5}}
    trainer = Trainer(Config.parse(raw), data, tmp_path, lambda line: None)
    parts = []
    while trainer.step < 60:
        trainer.train_step()
        parts.append({name: float(value) for name, value in trainer.last.parts.items()})
    for name in ("completer", "return", "judge", "inverse"):
        assert np.mean([p[name] for p in parts[-12:]]) < 0.9 * np.mean([p[name] for p in parts[:3]]), name
    trainer.validate()
    planned = {name: value.clone() for name, value in trainer.policy.state_dict().items()}
    assert trainer.run()
    # Fine-tuning moves the decision and leaves the plans as they are.
    moved = {name.split(".")[0] for name, value in trainer.policy.state_dict().items() if not torch.equal(value, planned[name])}
    assert moved <= {"trunk", "inverse"}

    folder = tmp_path / "served"
    export.export(tmp_path / "model.pt", folder, noises=2)
    card = json.loads((folder / "card.json").read_text())
    assert card["kind"] == "diffusion" and card["files"][0]["rtol"] == 1e-3
    assert {"name": "noise", "dtype": "float32", "shape": [-1, 2, STEPS, SIZE]} in card["inputs"]
    assert {"name": "plan", "dtype": "float32", "shape": [-1, STEPS, SIZE]} in card["outputs"]
    assert (folder / "model.onnx").stat().st_size < 10 * 2**20
    if arch == "unet":
        return   # its parity is checked by ONNX Runtime, when the registry loads it
    with np.load(folder / "parity.npz") as file:
        arrays = {name: file[name] for name in file.files}
    answers = onnx_numpy.run(str(folder / "model.onnx"), {n: a for n, a in arrays.items() if not n.startswith("out_")})
    for name, answer in answers.items():
        assert np.abs(answer - arrays[f"out_{name}"]).max() < 1e-3, name


def test_configs_that_cannot_work_are_refused():
    for diffusion in ({"choice": "hope"}, {"patch": 5}, {"samplingSteps": 0}, {"arch": "unet", "width": 20}, {"steps": 3}):
        with pytest.raises(ValueError, match="diffusion"):
            config(**diffusion)
    with pytest.raises(ValueError, match="objective cbd"):
        Config.parse({**RAW, "model": {"window": 12}})
    assert dataclasses.asdict(config())["diffusion"]["choice"] == "align"


def test_flows_need_their_columns():
    with pytest.raises(ValueError, match="log_spend_last"):
        FlowScale(tuple(name for name in NAMES if name != "log_spend_last"), False)


def test_committed_configs_are_read():
    folder = Path(__file__).parent.parent / "configs"
    found = [*folder.glob("cbd*.json"), *(folder / "ablation").glob("cbd*.json")]
    assert found and all(Config.read(path).objective == "cbd" for path in found)

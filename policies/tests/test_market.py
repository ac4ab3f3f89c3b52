import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from autobid_policies import ablate, train
from autobid_policies.common import checkpoint, export
from autobid_policies.common.config import Config, FuturesConfig
from autobid_policies.common.data import STEPS, DataError, load
from autobid_policies.common.evaluate import clusters
from autobid_policies.common.forecast import Prior
from autobid_policies.common.model import parameters
from autobid_policies.market import latents
from autobid_policies.market.curve import aligned
from autobid_policies.market.latents import LEVEL, PRICE, SIZE, VOLUME, Latents
from autobid_policies.market.model import Known, MarketModel
from autobid_policies.market.outcome import after_each, compose, crps, energy_score, in_log, probe_logs
from autobid_policies.market.score import Examination
from autobid_policies.market.situations import SituationSampler, at_step, regime_starts
from autobid_policies.market.trainer import MarketTrainer
from market import LOG_GRID

import onnx_numpy

RAW = {"name": "market", "objective": "market", "device": "cpu", "threads": 1, "validateKeys": 0, "validateEvery": 100, "reportKeys": 0,
       "diffusion": {"width": 32, "layers": 1, "heads": 2, "conditionWidth": 16, "patch": 4, "samplingSteps": 3},
       "offline": {"steps": 240, "batch": 64, "warmUp": 5, "learningRate": 0.004, "finalRate": 0.0, "clip": 1.0},
       "fineTune": {"steps": 40, "batch": 32, "warmUp": 2, "learningRate": 0.002, "finalRate": 0.0, "clip": 1.0}, "futures": {"noises": 6, "ema": 0.9}}
NONE = {"steps": 0}
CPU = torch.device("cpu")


def config(**changes) -> Config:
    return Config.parse({**RAW, **changes})


def trainer(data, out, **changes) -> MarketTrainer:
    return MarketTrainer(config(**changes), data, out, report=lambda line: None, clock=lambda: 0.0)


@pytest.fixture(scope="module")
def prior(planned):
    return Prior.read(planned / "prior.json")


@pytest.fixture(scope="module")
def days(planned):
    return load(planned)[1]


@pytest.fixture(scope="module")
def day(days, prior):
    return latents.of_days(days, prior, LOG_GRID)


@pytest.fixture(scope="module")
def model(day):
    torch.manual_seed(3)
    made = MarketModel(config())
    made.fit(day)
    for parameter in made.parameters():
        # Gates and last layers begin at 0, which would hide what depends on them.
        if not parameter.detach().any():
            torch.nn.init.normal_(parameter, std=0.1)
    return made.eval()


@pytest.fixture(scope="module")
def trained(planned, tmp_path_factory):
    out = tmp_path_factory.mktemp("market")
    run = trainer(planned, out)
    assert run.run()
    return out, run


def some(day, count=12, seed=1):
    generator = torch.Generator().manual_seed(seed)
    keys = torch.randint(0, len(day), (count,), generator=generator)
    steps = torch.randint(0, STEPS, (count,), generator=generator)
    return at_step(day.take(keys), steps, regime_starts(8, count, "cpu")), steps


# -- latents ---------------------------------------------------------------------------------------------------------------


def test_latents_are_what_price_level_of_the_engine_computes(days, prior):
    """PriceLevel.Log of src/AutoBid.Core for one step without its shrinkage, written out point by point in double precision."""
    found = latents.of_days(days.take(torch.arange(6)), prior, LOG_GRID)
    logs = [math.log(0.1) + math.log(40) / 23 * k for k in range(24)]
    samples, bids = prior.value.double().tolist(), [prior.first + prior.step * i for i in range(192)]

    def at(log: float) -> float:
        if log <= bids[0]:
            return samples[0] * math.exp(log - bids[0])
        if log >= bids[-1]:
            return samples[-1]
        i = min(int((log - bids[0]) / prior.step), 190)
        return samples[i] + (log - bids[i]) / prior.step * (samples[i + 1] - samples[i])

    for key in range(6):
        budget, target = float(days.budget[key]), float(days.target[key])
        for step in (0, 9, 31, 47):
            impressions, mean = float(days.impressions[key, step]), float(days.mean_value[key, step])
            shift = math.log(target * mean / prior.mean_value)
            total = weight = 0.0
            for k in range(6, 20):
                share = float(days.response_value[key, step, k]) / (impressions * mean * target / budget)
                if not 0.05 < share < 0.9:
                    continue
                here, following = at(shift + logs[k]), at(shift + logs[k] + 0.1)
                slope = (following - here) / prior.mean_value / 0.1
                if slope > 0:
                    total += slope * min(max((here / prior.mean_value - share) / slope, -1), 1)
                    weight += slope
            assert weight > 0 and float(found.exists[key, step, PRICE]) == 1
            assert float(found.values[key, step, PRICE]) == pytest.approx(total / weight, abs=2e-4)
            assert float(found.values[key, step, LEVEL]) == pytest.approx(math.log(mean / prior.mean_value), abs=1e-5)
            assert float(found.values[key, step, VOLUME]) == pytest.approx(math.log(impressions / (prior.per_day / 48)), abs=1e-5)
    assert float(found.values[:, :, PRICE].std()) > 0.1


def test_a_curve_that_is_the_priors_own_has_the_price_that_it_was_shifted_by(days, prior):
    some_days = days.take(torch.arange(4))
    level = torch.log(some_days.mean_value / prior.mean_value)
    for price in (-0.3, 0.0, 0.4):
        at = torch.log(some_days.target).view(-1, 1, 1) + level.unsqueeze(2) + LOG_GRID - price
        share = prior.at(at)[1] / prior.mean_value
        whole = (some_days.impressions * some_days.mean_value * (some_days.target / some_days.budget).unsqueeze(1)).unsqueeze(2)
        found = latents.of_days(replace(some_days, response_value=share * whole), prior, LOG_GRID)
        # Slopes are chords of 0.1, so that a shift is recovered about, not exactly.
        assert float((found.values[:, :, PRICE] - price).abs().max()) < 0.08
        # The service shrinks the day's level: nothing is known at step 0, and later no more than the day says.
        days_level = latents.day_level(replace(some_days, response_value=share * whole), prior, LOG_GRID)
        assert bool((days_level[:, 0] == 0).all())
        assert float((days_level[:, 47] / price if price else days_level[:, 47]).abs().max()) < 1


def test_what_cannot_be_told_does_not_exist(days, prior):
    silent = days.take(torch.arange(3))
    silent.impressions[0, 5] = 0
    silent.mean_value[1, 6] = 0
    silent.response_value[2, 7] = 0
    found = latents.of_days(silent, prior, LOG_GRID)
    assert found.exists[0, 5].tolist() == [0, 0, 0] and found.exists[1, 6].tolist() == [1, 0, 0] and found.exists[2, 7].tolist() == [1, 1, 0]
    assert bool(torch.isfinite(found.values).all()) and bool((found.values * (1 - found.exists) == 0).all())
    assert float(found.values[:, :, :PRICE].abs().max()) <= 2 and float(found.values[:, :, PRICE].abs().max()) <= 1
    wild = replace(silent, impressions=1e9 * silent.impressions, mean_value=1e-9 * silent.mean_value)
    values = latents.of_days(wild, prior, LOG_GRID).values
    assert float(values[0, 0, VOLUME]) == 2 and float(values[0, 0, LEVEL]) == -2
    with pytest.raises(DataError, match="opportunities to expect"):
        latents.of_days(days, replace(prior, per_day=0.0), LOG_GRID)
    with pytest.raises(DataError, match="minimum to win"):
        latents.of_days(replace(days, response_cost=torch.zeros(len(days), 0)), prior, LOG_GRID)


def test_latents_do_not_depend_on_the_budget(days, prior, day):
    share = days.response_value.float() / 1.7
    richer = latents.of_days(replace(days, budget=1.7 * days.budget, response_value=share, response_cost=days.response_cost.float() / 1.7), prior, LOG_GRID)
    assert torch.allclose(richer.values, day.values, atol=1e-4)


# -- what a future costs and brings ----------------------------------------------------------------------------------------


def test_futures_compose_as_the_prior_says(prior):
    market = torch.zeros(1, 2, STEPS, SIZE)
    market[0, 1, 40:] = torch.tensor([0.2, -0.5, 0.3])
    future = torch.zeros(1, STEPS)
    future[0, 46:] = 1
    target, budget, logs = torch.tensor([90.0]), torch.tensor([1000.0]), probe_logs("cpu")
    cost, value = compose(market, future, target, budget, prior, logs)
    opportunities = 2 * prior.per_day / 48
    for p, multiplier in enumerate((0.74, 1.0, 1.35)):
        flat = [float(x) for x in prior.at(torch.tensor(math.log(90 * multiplier)))]
        assert float(cost[0, 0, p]) == pytest.approx(opportunities * flat[0] / 1000, rel=1e-4)
        assert float(value[0, 0, p]) == pytest.approx(opportunities * flat[1] * 90 / 1000, rel=1e-4)
        moved = [float(x) for x in prior.at(torch.tensor(math.log(90 * multiplier * math.exp(-0.5)) - 0.3))]
        assert float(cost[0, 1, p]) == pytest.approx(opportunities * math.exp(0.2 + 0.3) * moved[0] / 1000, rel=1e-4)
        assert float(value[0, 1, p]) == pytest.approx(opportunities * math.exp(0.2 - 0.5) * moved[1] * 90 / 1000, rel=1e-4)


def test_what_happened_is_read_off_the_days_own_curves(days):
    some_days = days.take(torch.arange(3))
    told = after_each(some_days, LOG_GRID[[8, 12]], LOG_GRID)
    assert told.shape == (3, STEPS, 4)
    for step in (0, 45, 47):
        rest = [table[:, step:, [8, 12]].float().sum(1) for table in (some_days.response_cost, some_days.response_value)]
        assert torch.allclose(told[:, step], in_log(torch.cat(rest, 1)), atol=1e-3)


def test_crps_is_the_error_of_a_point_and_rewards_an_honest_spread():
    truth = torch.randn(4000, 1, generator=torch.Generator().manual_seed(1))

    def drawn(scale: float, count: int, seed: int) -> float:
        return float(crps(scale * torch.randn(4000, count, 1, generator=torch.Generator().manual_seed(seed)), truth).mean())

    assert torch.equal(crps(torch.zeros(4000, 1, 1), truth), truth.abs())
    # Of a standard normal forecast: 1 / sqrt(pi), whatever the number of samples.
    assert drawn(1.0, 16, 2) == pytest.approx(1 / math.sqrt(math.pi), abs=0.02) and drawn(1.0, 4, 3) == pytest.approx(drawn(1.0, 16, 2), abs=0.02)
    assert drawn(1.0, 16, 2) < min(drawn(0.3, 16, 2), drawn(2.5, 16, 2), float(truth.abs().mean()))
    ensemble = torch.tensor([[0.0, 1.0, 3.0]])
    assert float(crps(ensemble, torch.tensor([2.0]))) == pytest.approx(4 / 3 - 0.5 * 2.0)


def test_the_energy_score_sees_how_entries_go_together():
    generator = torch.Generator().manual_seed(3)
    common, own = torch.randn(4000, 1, generator=generator), torch.randn(4000, 8, generator=generator)
    truth = common + 0.1 * own
    weight = torch.ones_like(truth)

    def score(shared: float) -> float:
        apart = math.sqrt(1.01 - shared ** 2)
        samples = shared * torch.randn(4000, 6, 1, generator=generator) + apart * torch.randn(4000, 6, 8, generator=generator)
        return float(energy_score(samples, truth, weight).mean())

    # The same marginals, going together as they do, half, and not at all.
    assert score(1.0) < score(0.7) < score(0.0)
    samples = torch.randn(2, 3, 8, requires_grad=True)
    half = torch.cat([torch.ones(2, 4), torch.zeros(2, 4)], 1)
    energy_score(samples, truth[:2], half).sum().backward()
    assert float(samples.grad[:, :, :4].abs().min()) > 0 and float(samples.grad[:, :, 4:].abs().max()) == 0
    assert energy_score(samples[:, :1].expand(-1, 3, -1), samples[:, 0], half).abs().max() < 2e-3


def test_the_aligned_curve_tells_more_than_the_prior(planned, days, prior):
    raw = json.loads((planned / "prior.json").read_text())
    sharper = aligned(days.where("train"), raw, LOG_GRID)
    assert {name for name in raw if raw[name] != sharper[name]} == {"cost", "value"}
    for name in ("cost", "value"):
        assert len(sharper[name]) == len(raw[name]) and all(b >= a >= 0 for a, b in zip(sharper[name], sharper[name][1:]))
    held = days.where("validation")
    errors = []
    for curve in (prior, Prior.parse(sharper)):
        examination = Examination(held, latents.of_days(days.where("train"), curve, LOG_GRID), prior, curve, LOG_GRID, 2, 0, CPU)
        errors.append(float(crps(examination.baselines["known"]["true latents"], examination.truth).mean()))
    assert errors[1] < 0.8 * errors[0], errors


# -- what is known ---------------------------------------------------------------------------------------------------------


def test_a_situation_knows_closed_steps_and_never_the_price_of_the_step_decided(day):
    days = Latents(day.values[:3], torch.ones_like(day.exists[:3]))
    steps = torch.tensor([0, 5, 30])
    given = at_step(days, steps, regime_starts(8, 3, "cpu"))
    for row, step in enumerate(steps.tolist()):
        assert int(given.now[row].argmax()) == step and float(given.now[row].sum()) == 1
        assert given.known[row, :step].min() == 1 if step else True
        assert given.known[row, step].tolist() == [1, 1, 0] and float(given.known[row, step + 1:].sum()) == 0
    assert torch.equal(given.market, days.values * given.known)
    assert given.boundary[0].nonzero().flatten().tolist() == list(range(0, STEPS, 8)) and float(regime_starts(0, 2, "cpu").sum()) == 0
    hidden = at_step(days, steps, given.boundary, torch.zeros(3), torch.tensor([20, 0, 20]))
    assert float((hidden.known * hidden.now.unsqueeze(2)).sum()) == 0 and float(hidden.known[1, :, PRICE].sum()) == 0
    assert hidden.known[2, :, PRICE].nonzero().flatten().tolist() == list(range(10, 30))


def test_training_hides_each_part_about_as_often_as_it_is_told_to(day, days):
    options = FuturesConfig(hideStep=0.4, hideRegime=0.2, hidePrices=0.3, gaps=0.0, recut=0.0)
    sampler = SituationSampler(Latents(day.values, torch.ones_like(day.exists)), clusters(days), 8, options)
    drawn = sampler.draw(4000, torch.Generator().manual_seed(2))
    given = drawn.given
    steps = given.now.argmax(1)
    assert torch.equal(given.market, drawn.day.values * given.known) and set(steps.tolist()) == set(range(STEPS))
    current = (given.known * given.now.unsqueeze(2)).sum(1)
    assert float(current[:, PRICE].sum()) == 0 and torch.equal(current[:, VOLUME], current[:, LEVEL])
    assert float(1 - current[:, VOLUME].mean()) == pytest.approx(0.4, abs=0.04)
    assert float((given.boundary.sum(1) == 0).float().mean()) == pytest.approx(0.2, abs=0.03)
    later = given.known[steps > 0]
    assert float((later[:, :, PRICE].sum(1) == 0).float().mean()) == pytest.approx(0.3, abs=0.04)
    assert torch.equal(drawn.day.values, day.values[drawn.keys]) and bool((drawn.as_played == 1).all())
    again = sampler.draw(4000, torch.Generator().manual_seed(2)).given
    assert torch.equal(again.known, given.known) and torch.equal(again.market, given.market)


def test_regimes_are_cut_to_other_lengths_within_their_own_market(day, days):
    options = FuturesConfig(hideRegime=0.0, gaps=0.0, recut=1.0, recutLengths=(4, 12))
    # A day's level names the regime that it comes from: key and regime.
    named = torch.arange(len(day)).view(-1, 1) + (torch.arange(STEPS) // 8).view(1, -1) / 8
    values = day.values.clone()
    values[:, :, LEVEL] = named
    numbered = Latents(values, torch.ones_like(values))
    sampler = SituationSampler(numbered, clusters(days), 8, options)
    sampler.course = torch.zeros_like(sampler.course)
    found = sampler.draw(64, torch.Generator().manual_seed(4))
    given, drawn = found.given, found.day
    assert bool((found.as_played == 0).all())
    lengths = set()
    for row in range(64):
        starts = given.boundary[row].nonzero().flatten().tolist()
        lengths.add(starts[1])
        assert starts == list(range(0, STEPS, starts[1]))
        level = drawn.values[row, :, LEVEL]
        assert all(len(set(level[s:s + starts[1]].tolist())) == 1 for s in starts) and len(set(level.tolist())) > 2
        # Donors share the market of the day whose volume it is.
        own = int((day.values[:, :, VOLUME] == drawn.values[row, :, VOLUME]).all(1).nonzero()[0])
        assert len({int(clusters(days)[int(x)]) for x in level.tolist()} | {int(clusters(days)[own])}) == 1
    assert lengths == {4, 12}


# -- the model -------------------------------------------------------------------------------------------------------------


def test_known_latents_never_move_and_samples_stay_within_limits(model, day):
    given, steps = some(day)
    noise = torch.randn(12, 5, STEPS, SIZE, generator=torch.Generator().manual_seed(8))
    with torch.no_grad():
        futures, = model(given.market, given.known, given.now, given.boundary, noise)
        wild, = model(given.market, given.known, given.now, given.boundary, 50 * noise)
    assert futures.shape == (12, 5, STEPS, SIZE)
    for found in (futures, wild):
        kept = given.known.unsqueeze(1).expand_as(found) > 0
        assert torch.equal(found[kept], given.market.unsqueeze(1).expand_as(found)[kept])
        assert bool((found.abs() <= torch.tensor(latents.LIMITS)).all())
    free = (1 - given.known).unsqueeze(1) * torch.ones_like(futures) > 0
    assert float((futures[:, 0][free[:, 0]] - futures[:, 1][free[:, 1]]).abs().mean()) > 0.1


def test_samples_follow_from_their_noise_whoever_is_asked_beside(model, day):
    given, _ = some(day)
    noise = torch.randn(12, 4, STEPS, SIZE, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        whole, = model(given.market, given.known, given.now, given.boundary, noise)
        order = torch.arange(11, -1, -1)
        turned, = model(*(x[order] for x in (given.market, given.known, given.now, given.boundary)), noise[order])
        swapped, = model(given.market, given.known, given.now, given.boundary, noise.flip(1))
        alone, = model(*(x[3:4] for x in (given.market, given.known, given.now, given.boundary)), noise[3:4, 1:2])
    assert torch.allclose(turned[order], whole, atol=1e-5) and torch.allclose(swapped.flip(1), whole, atol=1e-5)
    assert torch.allclose(alone[0, 0], whole[3, 1], atol=1e-5)


def test_the_loss_looks_at_nothing_but_what_was_noised_and_exists(model, day):
    given, _ = some(day, 16)
    keys = torch.randint(0, len(day), (16,), generator=torch.Generator().manual_seed(1))
    truth = day.take(keys)
    given = replace(given, market=truth.values * given.known)
    noise_step, noise = torch.full((16,), 20), torch.randn(16, STEPS, SIZE, generator=torch.Generator().manual_seed(6))

    def loss(values=truth.values, exists=truth.exists, drawn=noise):
        return model.loss(given, Latents(values, exists), noise_step, drawn)

    counted = (1 - given.known) * truth.exists
    assert torch.equal(loss(), loss(drawn=noise + 5 * given.known)), "the noise of what is known reaches nobody"
    missing = truth.values + 9 * (1 - truth.exists)
    assert torch.equal(loss(), loss(missing)), "what does not exist has no value"
    assert not torch.equal(loss(), loss(truth.values + 0.1 * counted))
    # Its gradient by the net's answers is 0 exactly where nothing counts.
    answers = []
    hook = model.net.register_forward_hook(lambda module, inputs, output: (output.retain_grad(), answers.append(output))[1] and None)
    loss().backward()
    hook.remove()
    assert torch.equal(answers[0].grad != 0, counted > 0)


# -- training --------------------------------------------------------------------------------------------------------------


def test_a_short_training_beats_climatology_and_forecast_on_held_out_days(trained):
    out, run = trained
    scores = checkpoint.load(out / "model.pt")["scores"]
    assert {p["stage"] for p in run.course.points} == {"offline", "fineTune"}
    assert scores["selection"] == pytest.approx(min(p["validation"] for p in run.course.points), abs=1e-5)
    for split in ("validation", "test"):
        for knowledge in ("known", "unknown"):
            rows = scores[split][knowledge]
            assert set(rows) == {"futures", "forecast", "climatology", "true latents"}
            for other in ("climatology", "forecast"):
                assert rows["futures"]["crps"] < rows[other]["crps"], (split, knowledge, other)
                mean, low, high = rows[other]["futuresBelow"]
                assert low <= mean <= high and mean == pytest.approx(rows[other]["crps"] - rows["futures"]["crps"], abs=2e-5)
            assert 0.2 < rows["futures"]["spreadOfError"] < 2 and "spreadOfError" not in rows["forecast"]


def test_fine_tuning_the_sampler_lowers_its_scores(planned, tmp_path):
    run = trainer(planned, tmp_path, offline={**RAW["offline"], "steps": 120})
    assert not run.run(stop_at=("fineTune", 0))
    before = run.examination.selection(run.average)
    while run.step < 40:
        run.train_step()
    assert run.examination.selection(run.average) < 0.97 * before


@pytest.mark.parametrize("stop", [("offline", 8), ("fineTune", 3)])
def test_a_resumed_run_ends_in_the_state_of_an_uninterrupted_one(planned, tmp_path, stop):
    changes = {"offline": {**RAW["offline"], "steps": 12, "batch": 16}, "fineTune": {**RAW["fineTune"], "steps": 6, "batch": 8}, "validateEvery": 5}
    first, second = trainer(planned, tmp_path / "a", **changes), trainer(planned, tmp_path / "b", **changes)
    assert first.run()
    assert not second.run(stop_at=stop)
    third = trainer(planned, tmp_path / "b", **changes)
    third.resume()
    assert (third.stage, third.step) == stop and third.run()
    done, other = (checkpoint.load(folder / "checkpoint.pt") for folder in (tmp_path / "a", tmp_path / "b"))
    for part in ("model", "average", "bestState"):
        assert all(torch.equal(done[part][name], other[part][name]) for name in done[part])
    assert done["best"] == other["best"] and done["course"]["points"] == other["course"]["points"]
    with pytest.raises(DataError, match="another model"):
        trainer(planned, tmp_path / "b", futures={"noises": 7}).resume()
    checkpoint.save({**done, "sha256": "f" * 64}, tmp_path / "b" / "checkpoint.pt")
    with pytest.raises(DataError, match="other data"):
        third.resume()


def test_a_run_keeps_to_its_time_and_leaves_checkpoints(planned, tmp_path):
    times = iter(range(0, 10**6, 5))
    endless = {stage: {**RAW[stage], "steps": 10**6, "batch": 8} for stage in ("offline", "fineTune")}
    run = MarketTrainer(config(**endless, checkpointSeconds=40.0), planned, tmp_path, lambda line: None, lambda: float(next(times)))
    saved = []
    save = run.save
    run.save = lambda: (saved.append(run.step), save())
    assert run.run(finish_in=10)
    assert run.stage == "fineTune" and 5 < run.step < 60 and run.progress > 0.95 and len(saved) > 2 and (tmp_path / "model.pt").exists()
    assert run.course.seconds["offline"] == pytest.approx(0.25 * 540, abs=30) and sum(run.course.seconds.values()) == pytest.approx(540, abs=50)
    stopped = trainer(planned, tmp_path / "b", offline={**RAW["offline"], "batch": 8})
    stopped.clock = lambda times=iter(range(0, 10**6, 10)): float(next(times))
    assert not stopped.run(minutes=2) and (tmp_path / "b" / "checkpoint.pt").exists()


# -- the graph and its papers ----------------------------------------------------------------------------------------------


def test_exported_graph_is_the_module_and_its_card_keeps_the_contract(trained, tmp_path):
    out = tmp_path / "market" / "1"
    assert export.main(["--checkpoint", str(trained[0] / "model.pt"), "--out", str(out)]) == 0
    with np.load(out / "parity.npz") as file:
        arrays = {name: file[name] for name in file.files}
    inputs = {name: array for name, array in arrays.items() if not name.startswith("out_")}
    assert list(inputs) == ["market", "known", "now", "boundary", "noise"] and all(a.dtype == np.float32 for a in arrays.values())
    answer = onnx_numpy.run(str(out / "model.onnx"), inputs)["futures"]
    assert answer.shape == (len(inputs["market"]), 6, STEPS, SIZE)
    assert np.abs(answer - arrays["out_futures"]).max() < 1e-3
    kept = np.broadcast_to(inputs["known"][:, None] > 0, answer.shape)
    assert (answer[kept] == np.broadcast_to(inputs["market"][:, None], answer.shape)[kept]).all()
    one = onnx_numpy.run(str(out / "model.onnx"), {name: array[4:5] for name, array in inputs.items()})["futures"]
    assert np.abs(one[0] - answer[4]).max() < 1e-4, "the batch is open"
    # Both states of knowledge are among the parity rows.
    assert {float(row.sum()) for row in inputs["boundary"]} == {0.0, 6.0}
    graph = onnx.load(str(out / "model.onnx"))
    assert graph.opset_import[0].version == 17
    assert [size.dim_value for size in graph.graph.output[0].type.tensor_type.shape.dim] == [0, 6, STEPS, SIZE], "only the batch is open"
    card = json.loads((out / "card.json").read_text("utf-8"))
    assert (card["kind"], card["name"], card["version"], card["window"], card["action"]) == ("market", "market", 1, 48, "none")
    assert card["features"]["name"] == "market-levels" and len(card["features"]["mean"]) == len(card["features"]["std"]) == 3
    assert card["inputs"] == [{"name": name, "dtype": "float32", "shape": [-1, *shape]} for name, shape in
                              (("market", (48, 3)), ("known", (48, 3)), ("now", (48,)), ("boundary", (48,)), ("noise", (6, 48, 3)))]
    assert card["outputs"] == [{"name": "futures", "dtype": "float32", "shape": [-1, 6, 48, 3]}]
    assert card["serving"] == {"e": 0.0, "smoothing": 0, "noises": 6, "steps": 3} and card["files"][0]["rtol"] == card["files"][0]["atol"] == 1e-3
    assert card["scores"]["test"]["known"]["futures"]["crps"] > 0 and "curve" not in card
    assert json.loads((out / "verdict.json").read_text("utf-8"))["verdict"] == "provisional"
    assert export.main(["--checkpoint", str(trained[0] / "model.pt"), "--out", str(out), "--noises", "3"]) == 0
    assert json.loads((out / "card.json").read_text("utf-8"))["outputs"][0]["shape"] == [-1, 3, 48, 3]


def test_a_model_of_aligned_latents_ships_their_curve(planned, tmp_path):
    changes = {"futures": {**RAW["futures"], "curve": "aligned"}, "offline": {**RAW["offline"], "steps": 2, "batch": 8}, "fineTune": NONE}
    run = trainer(planned, tmp_path, **changes)
    assert run.run()
    export.export(tmp_path / "model.pt", tmp_path / "served")
    raw = json.loads((planned / "prior.json").read_text())
    card = json.loads((tmp_path / "served" / "card.json").read_text("utf-8"))
    assert card["curve"]["value"] != raw["value"] and {name: card["curve"][name] for name in raw if name not in ("cost", "value")} \
        == {name: raw[name] for name in raw if name not in ("cost", "value")}
    assert torch.allclose(Prior.parse(card["curve"]).value, run.curve.value) and not torch.allclose(run.curve.value, run.prior.value)


def test_the_command_trains_the_market_and_refuses_what_it_cannot_do(planned, data, tmp_path, capsys):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(RAW), "utf-8")
    command = ["--config", str(path), "--out", str(tmp_path / "out"), "--small", "--data"]
    assert train.main([*command, str(planned)]) == 0 and (tmp_path / "out" / "model.pt").exists()
    assert "validation CRPS, step and regime known: futures:" in capsys.readouterr().out
    assert train.main([*command, str(data)]) == 2 and "prior.json is missing" in capsys.readouterr().err
    assert train.main([*command, str(planned), "--start-from", str(tmp_path / "out" / "model.pt")]) == 2
    assert "--resume goes on" in capsys.readouterr().err
    assert ablate.main(["--configs", str(path), "--data", str(planned), "--out", str(tmp_path), "--minutes", "1"]) == 2
    assert "the market bids nothing" in capsys.readouterr().err
    for futures in ({"noises": 0}, {"members": 1}, {"recut": 1.5}, {"curve": "mine"}, {"recutLengths": [0]}, {"ema": 1.0}, {"gap": 0.1}):
        with pytest.raises(ValueError, match="futures"):
            config(futures=futures)


def test_committed_configs_are_read_and_small():
    found = sorted((Path(__file__).parent.parent / "configs").glob("market*.json"))
    assert {path.stem for path in found} == {"market", "market-aligned"}
    for path in found:
        read = Config.read(path)
        assert read.objective == "market" and parameters(MarketModel(read)) <= 300_000

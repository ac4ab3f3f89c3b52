using AutoBid.Core.Campaigns;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Periods;

public sealed class AuctionNetPeriodTests
{
    [Fact]
    public void A_period_is_a_pure_function_of_its_setup()
    {
        LineUp field = new LineUpFactory(1, null).Training(0, 3, new TrainingMix { Seats = SmallMarket.Seats() });
        var player = new AuctionNetPeriod();
        PeriodResult first = player.Play(SmallMarket.Setup(field, 3));
        player.Play(SmallMarket.Setup(field, 4));
        PeriodResult again = player.Play(SmallMarket.Setup(field, 3));
        for (int seat = 0; seat < 48; seat++) Assert.Equal(first.Steps(seat).ToArray(), again.Steps(seat).ToArray());
        Assert.NotEqual(first.Cost(0), player.Play(SmallMarket.Setup(field, 3, seed: 2)).Cost(0));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void The_result_does_not_depend_on_threads(int threads)
    {
        LineUp field = new LineUpFactory(1, null).Training(0, 3, new TrainingMix { Seats = SmallMarket.Seats(0.5) });
        PeriodResult alone = new AuctionNetPeriod().Play(SmallMarket.Setup(field, 3)), shared = new AuctionNetPeriod(threads).Play(SmallMarket.Setup(field, 3));
        Assert.True(alone.Reruns > 0);
        Assert.Equal(alone.Reruns, shared.Reruns);
        Assert.Equal(alone.MeanLeastWinningCost, shared.MeanLeastWinningCost);
        for (int seat = 0; seat < 48; seat++) Assert.Equal(alone.Steps(seat).ToArray(), shared.Steps(seat).ToArray());
    }

    [Fact]
    public void Late_conversions_reach_policies_late_and_scores_at_once()
    {
        var told = new double[48];
        var policy = new TestPolicy(input =>
        {
            if (input.CampaignId == "seat-07" && input.Trajectory.Closed > 0) told[input.Trajectory.Closed - 1] = input.Trajectory.Rows[^1].Conversions;
            return 2;
        });
        LineUp lineUp = SmallMarket.Uniform(policy, budgetFactor: 20);
        PeriodSetup setup = SmallMarket.Setup(lineUp) with { Traffic = SmallMarket.Traffic with { MeanValue = 0.005 } };
        int[] lived = [.. new AuctionNetPeriod().Play(setup with { Delay = new ConversionDelay(1, 4) }).Steps(7).ToArray().Select(step => step.Conversions)];
        Assert.True(lived.Sum() > 20);
        for (int t = 0; t < 47; t++) Assert.Equal(t < 4 ? 0 : lived[t - 4], told[t]);

        Array.Clear(told);
        int[] half = [.. new AuctionNetPeriod().Play(setup with { Delay = new ConversionDelay(0.5, 4) }).Steps(7).ToArray().Select(step => step.Conversions)];
        Assert.Equal(lived, half);
        Assert.InRange(told.Sum(), 0.5 * half.Sum(), half.Sum());
        Assert.NotEqual(half.Take(47).Select(c => (double)c), told.Take(47));
        Assert.Throws<ArgumentException>(() => new AuctionNetPeriod().Play(setup with { Delay = new ConversionDelay(1.5, 4) }));
        Assert.Throws<ArgumentException>(() => new AuctionNetPeriod().Play(setup with { Delay = new ConversionDelay(0.5, 48) }));
    }

    [Fact]
    public void Curves_can_be_hidden()
    {
        var policy = new TestPolicy(input => input.Trajectory.Closed > 0 && input.Trajectory.TryGetCurve(input.Trajectory.Closed - 1, out _, out _) ? 2 : 1);
        LineUp lineUp = SmallMarket.Uniform(policy);
        lineUp = lineUp with { Agents = [.. lineUp.Agents.Select((a, seat) => a with { KnowsCurves = seat != 0 })] };
        PeriodResult result = new AuctionNetPeriod().Play(SmallMarket.Setup(lineUp));
        Assert.Equal(1, result.Steps(0)[20].Multiplier);
        Assert.Equal(2, result.Steps(1)[20].Multiplier);
    }

    [Fact]
    public void Nobody_overspends_and_the_books_add_up()
    {
        PeriodResult result = new AuctionNetPeriod().Play(SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(3), budgetFactor: 0.3)));
        Assert.True(result.Reruns > 10);
        for (int seat = 0; seat < 48; seat++)
        {
            double left = result.SeatOf(seat).Budget;
            foreach (SeatStep step in result.Steps(seat))
            {
                Assert.Equal(left, step.LeftBefore, 1e-9);
                Assert.InRange(step.Cost, 0, step.LeftBefore);
                Assert.InRange(step.Exposures, 0, step.Wins);
                if (step.LeftBefore < 0.1) Assert.Equal(0, step.Wins);
                left -= step.Cost;
            }

            Assert.True(result.Cost(seat) <= result.SeatOf(seat).Budget);
        }
    }

    [Fact]
    public void Policies_see_the_closed_rows_and_the_step_to_come()
    {
        var seen = new List<(int Closed, double Impressions, double Mean, double Last, StepRow Row, bool Curve)>();
        var policy = new TestPolicy(input =>
        {
            if (input.CampaignId == "seat-07")
            {
                ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
                seen.Add((input.Trajectory.Closed, input.CurrentImpressions, input.CurrentMeanValue, input.LastMultiplier,
                    rows.IsEmpty ? default : rows[^1], input.Trajectory.TryGetCurve(input.Trajectory.Closed - 1, out _, out _)));
            }

            return 1 + 0.01 * input.Trajectory.Closed;
        });
        PeriodResult result = new AuctionNetPeriod().Play(SmallMarket.Setup(SmallMarket.Uniform(policy)));
        Assert.Equal(48, seen.Count);
        Assert.All(policy.BatchSizes, size => Assert.Equal(48, size));
        for (int t = 0; t < 48; t++)
        {
            SeatStep step = result.Steps(7)[t];
            Assert.Equal(t, seen[t].Closed);
            Assert.Equal(step.Opportunities, seen[t].Impressions);
            Assert.Equal(step.MeanValue, seen[t].Mean);
            Assert.Equal(1 + 0.01 * t, step.Multiplier, 1e-9);
            if (t == 0) continue;
            SeatStep before = result.Steps(7)[t - 1];
            Assert.True(seen[t].Curve);
            Assert.Equal(before.Multiplier, seen[t].Last);
            Assert.Equal((float)before.Cost, seen[t].Row.Cost);
            Assert.Equal((float)before.ValueWon, seen[t].Row.ValueWon);
            Assert.Equal(before.Conversions, seen[t].Row.Conversions);
            Assert.Equal((float)before.Multiplier, seen[t].Row.Multiplier);
            Assert.Equal((float)before.MeanMinimumToWin, seen[t].Row.MeanLeastWinningCost);
            double bid = before.LeftBefore < 0.1 ? 0 : before.Multiplier * result.SeatOf(7).TargetCpa * before.MeanValue;
            Assert.Equal(bid, seen[t].Row.MeanBid, 1e-6);
        }
    }

    [Fact]
    public void The_coming_step_can_be_hidden()
    {
        var policy = new TestPolicy(input => input.CurrentImpressions == 0 && input.CurrentMeanValue == 0 ? 1 : 2);
        LineUp lineUp = SmallMarket.Uniform(policy);
        lineUp = lineUp with { Agents = [.. lineUp.Agents.Select(a => a with { KnowsStep = false })] };
        Assert.Equal(1, new AuctionNetPeriod().Play(SmallMarket.Setup(lineUp)).Steps(0)[20].Multiplier);
    }

    [Fact]
    public void Undecided_and_absurd_answers_fall_back()
    {
        var policy = new TestPolicy(input => input.Trajectory.Closed switch { 0 => null, 1 => 1.5, 2 => null, 3 => double.NaN, 4 => 100, 5 => 0.0001, _ => 1 });
        LineUp lineUp = SmallMarket.Uniform(policy);
        lineUp = lineUp with { Agents = [.. lineUp.Agents.Select(a => a with { AccountConstant = 0.8 })] };
        SeatStep[] steps = new AuctionNetPeriod().Play(SmallMarket.Setup(lineUp)).Steps(0).ToArray();
        Assert.Equal(0.8, steps[0].Multiplier, 1e-6);
        Assert.True(double.IsNaN(steps[0].PolicyMultiplier));
        Assert.Equal(1.5, steps[1].Multiplier, 1e-6);
        Assert.Equal(1.5, steps[2].Multiplier, 1e-6);
        // NaN: the safe multiplier, min(1, median of 0.8, 1.5, 1.5).
        Assert.Equal(1, steps[3].Multiplier, 1e-6);
        // The guard lets a multiplier double or halve per tick.
        Assert.Equal(2, steps[4].Multiplier, 1e-6);
        Assert.Equal(1, steps[5].Multiplier, 1e-6);
        SeatStep[] unguarded = new AuctionNetPeriod().Play(SmallMarket.Setup(lineUp) with { Guard = null }).Steps(0).ToArray();
        Assert.Equal(4, unguarded[4].Multiplier);
        Assert.Equal(0.05, unguarded[5].Multiplier);
    }

    [Fact]
    public void Perturbed_seats_play_their_policy_times_the_blocks_factor()
    {
        var options = new PerturbationOptions();
        LineUp lineUp = SmallMarket.Uniform(new ConstantPolicy());
        lineUp = lineUp with { Agents = [.. lineUp.Agents.Select((a, i) => i == 4 ? a with { Perturbation = options } : a)] };
        PeriodResult result = new AuctionNetPeriod().Play(SmallMarket.Setup(lineUp));
        var expected = new Perturbation(1, 0, 4, options);
        double guarded = expected.StartMultiplier;
        for (int t = 0; t < 48; t++)
        {
            double last = t == 0 ? guarded : result.Steps(4)[t - 1].Multiplier;
            double allowed = Math.Clamp(guarded, last / 2, last * 2);
            Assert.Equal(Math.Clamp(allowed * expected.Factor(t), 0.05, 4), result.Steps(4)[t].Multiplier, 2e-6);
            Assert.Equal(1, result.Steps(3)[t].Multiplier);
        }
    }

    [Fact]
    public void A_feedback_policy_is_perturbed_once_per_block()
    {
        var hold = new TestPolicy(input => input.LastMultiplier > 0 ? input.LastMultiplier : 1);
        LineUp lineUp = SmallMarket.Uniform(hold);
        lineUp = lineUp with { Agents = [.. lineUp.Agents.Select(a => a with { Perturbation = new PerturbationOptions(), FollowsExecuted = true })] };
        PeriodResult result = new AuctionNetPeriod().Play(SmallMarket.Setup(lineUp));
        for (int seat = 0; seat < 48; seat++)
        {
            var perturbation = new Perturbation(1, 0, seat, new PerturbationOptions());
            for (int t = 0; t < 48; t++) Assert.Equal(perturbation.Factor(t), result.Steps(seat)[t].Multiplier, 1e-3);
        }
    }

    [Fact]
    public void TargetFirst_cuts_a_policy_that_misses_the_target()
    {
        var loud = new TestPolicy(_ => 3);
        PeriodResult spend = new AuctionNetPeriod().Play(SmallMarket.Setup(SmallMarket.Uniform(loud)));
        PeriodResult target = new AuctionNetPeriod().Play(SmallMarket.Setup(SmallMarket.Uniform(loud, mode: PacingMode.TargetFirst)));
        double Excess(PeriodResult r) => Enumerable.Range(0, 48).Sum(s => r.Cost(s)) / Enumerable.Range(0, 48).Sum(s => r.SeatOf(s).TargetCpa * r.ValueWon(s));
        Assert.True(Excess(spend) > 1.5);
        Assert.True(Excess(target) < 0.7 * Excess(spend));
    }

    [Fact]
    public void A_line_up_of_the_wrong_size_is_refused()
    {
        LineUp lineUp = SmallMarket.Uniform(new ConstantPolicy());
        Assert.Throws<ArgumentException>(() => new AuctionNetPeriod().Play(SmallMarket.Setup(lineUp with { Agents = [.. lineUp.Agents.Take(47)] })));
    }

    [Fact]
    public void A_full_period_of_truthful_bidders_matches_the_benchmarks_facts()
    {
        PeriodResult result = new AuctionNetPeriod().Play(new PeriodSetup
        {
            Seed = 1,
            Period = 0,
            LineUp = new LineUpFactory(1, null).Uniform(0, "truthful", new ConstantPolicy(1), AuctionNetSeats.All),
        });
        // 70 to 100 re-runs are normal; a strong field pays 0.0949 for the fourth rank, a truthful one a little less.
        Assert.InRange(result.Reruns, 50, 130);
        Assert.InRange(result.MeanLeastWinningCost.Average(), 0.065, 0.1);
        double score = Enumerable.Range(0, 48).Average(seat => Scoring.Score(result, seat));
        Assert.InRange(score, 21, 32);
    }

    private static class Scoring
    {
        public static double Score(PeriodResult result, int seat)
            => AutoBid.Simulator.Scoring.Score.Of(result.ValueWon(seat), result.Cost(seat), result.SeatOf(seat).TargetCpa);
    }
}

using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Simple;
using AutoBid.Policies.Tests.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Policies.Tests.Simple;

public sealed class OnlineLpPolicyTests
{
    private readonly Days _days = new();
    private readonly OnlineLpPolicy _lp = new();

    [Fact]
    public void Buys_up_to_the_price_at_which_the_rest_of_the_budget_ends_with_the_day()
    {
        double whole = Math.Sqrt(Days.Budget / (48 * Days.PerStep) * 800 / Days.MeanValue) / Days.Reference;
        Assert.Equal(whole, Call.One(_lp, _days.Input(prior: Days.Prior())).Multiplier, 0.02);
        // Half the day gone and a fifth of the budget spent: four fifths for the other half.
        PolicyInput behind = _days.Input(d => d.Steps(24, 0.5, cost: Days.Budget / 120), Days.Prior());
        Assert.Equal(whole * Math.Sqrt(1.6), Call.One(_lp, behind).Multiplier, 0.03);
        // Inside a step only what is left of it counts.
        PolicyInput inside = _days.Input(d => d.Steps(47, 0.5, cost: Days.Budget / 96).Open(0.5f, cost: Days.Budget / 4), Days.Prior());
        Assert.Equal(1.5, Call.One(_lp, inside).Multiplier);
    }

    [Fact]
    public void Never_pays_more_than_one_and_a_half_targets()
    {
        Assert.Equal(1.5, Call.One(_lp, _days.Input(prior: Days.Prior(), budget: 1e6)).Multiplier);
        Assert.Equal(1.2, Call.One(_lp, _days.Input(prior: Days.Prior(), budget: 1e6, max: 1.2)).Multiplier);
        Assert.Equal(4, Call.One(_lp, _days.Input(prior: Days.Prior(), budget: 1e6, objective: Objective.MaxConversions)).Multiplier);
    }

    [Fact]
    public void Without_a_prior_it_learns_from_its_own_steps()
    {
        PolicyDecision cold = Call.One(_lp, _days.Input(d => d.Steps(2, 0.6)));
        Assert.True(cold is { IsDecided: true, IsColdStart: true });
        Assert.Equal(0.8, cold.Multiplier);
        PolicyDecision warm = Call.One(_lp, _days.Input(d => d.Steps(16, 0.6)));
        double left = Days.Budget - 16 * Days.PerStep * Days.CostOf(60);
        Assert.False(warm.IsColdStart);
        Assert.Equal(Math.Sqrt(left / (32 * Days.PerStep) * 800 / Days.MeanValue) / Days.Reference, warm.Multiplier, 0.03);
        // Warm, but without a curve there is no table.
        Assert.True(Call.One(_lp, _days.Input(d => Enumerable.Range(0, 8).ToList().ForEach(_ => d.Step(0.6, curve: false)))).IsColdStart);
    }

    [Fact]
    public void A_spent_budget_bids_the_least()
        => Assert.Equal(0.05, Call.One(_lp, _days.Input(d => d.Steps(20, 1, cost: Days.Budget / 10), Days.Prior())).Multiplier);

    [Fact]
    public void Spends_its_budget_to_the_end_of_the_day_and_no_more()
        => Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            bool known = random.Next(2) == 0;
            double[] volumes = [.. Enumerable.Range(0, 48).Select(_ => Days.PerStep * (0.5 + random.NextDouble()))];
            double sum = volumes.Sum();
            PopulationPrior own = new(
                [.. Enumerable.Range(0, 60).Select(i => 4 * Math.Pow(100, i / 59.0))], [.. Enumerable.Range(0, 60).Select(i => Days.CostOf(4 * Math.Pow(100, i / 59.0)))],
                [.. Enumerable.Range(0, 60).Select(i => Days.ValueOf(4 * Math.Pow(100, i / 59.0)))], Days.MeanValue, Days.Reference, volumes, sum, 8);
            var multipliers = new List<double>();
            double spent = 0;
            for (int step = 0; step < 48; step++)
            {
                double multiplier = Call.One(_lp, _days.Input(Replay, known ? own : null)).Multiplier;
                spent += Math.Min(volumes[step] * Days.CostOf(multiplier * Days.Reference), Days.Budget - spent);
                multipliers.Add(multiplier);
            }

            // Without the day's shape it divides evenly and ends where its last step's volume took it.
            return spent <= Days.Budget + 1e-6 && spent >= (known ? 0.99 : 0.9) * Days.Budget;

            void Replay(DayBuilder day)
            {
                for (int s = 0; s < multipliers.Count; s++) day.Step(multipliers[s], impressions: volumes[s]);
            }
        }).Check(Checks.Config);

    [Fact]
    public void Always_a_number_inside_the_range()
        => Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            PolicyInput input = _days.Random(seed);
            PolicyDecision decision = Call.One(_lp, input);
            return decision.IsDecided && decision.Multiplier >= input.MinMultiplier && decision.Multiplier <= input.MaxMultiplier
                && decision.Multiplier == Call.One(_lp, input).Multiplier;
        }).Check(Checks.Config);

    [Fact]
    public void Decides_a_batch_without_allocating()
    {
        PolicyInput[] inputs = [.. Enumerable.Range(0, 50).Select(_days.Random)];
        var decisions = new PolicyDecision[50];
        DecisionScope scope = DecisionScope.Unbounded(new ManualClock());
        _lp.Decide(inputs, decisions, scope);
        Assert.Equal(0, Allocations.Of(() => _lp.Decide(inputs, decisions, scope)));
    }
}

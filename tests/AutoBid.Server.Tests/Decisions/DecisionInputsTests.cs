using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Server.Decisions;

namespace AutoBid.Server.Tests.Decisions;

public sealed class DecisionInputsTests
{
    private readonly TrajectoryStore _store = new(48);

    [Theory]
    [InlineData(Objective.TargetCpa, 40.0, null, 40.0)]
    [InlineData(Objective.TargetRoas, 4.0, null, 0.25)]
    [InlineData(Objective.MaxConversions, null, 30.0, 30.0)]
    public void The_objective_names_the_reference(Objective objective, double? target, double? reference, double expected)
    {
        PolicyInput input = Build(new DecisionItem { Campaign = new() { Objective = objective, Budget = 10, Target = target, Reference = reference } });
        Assert.Equal(expected, input.Reference);
        Assert.Equal((0.05, 4, 1), (input.MinMultiplier, input.MaxMultiplier, input.AccountConstant));
        Assert.Equal(PacingMode.TargetFirst, input.Mode);
        Assert.Equal(0, input.LastMultiplier);
    }

    [Fact]
    public void A_step_becomes_a_row()
    {
        PolicyInput input = Build(Any with
        {
            History = [new() { Impressions = 100, MeanValue = 0.5, BidPerValue = 30, Wins = 10, Cost = 7, Conversions = 2, ConversionValue = 3, ValueWon = 4, MeanLeastWinningCost = 0.25 }],
            Open = new() { Elapsed = 0.5, Cost = 3, Impressions = 40 },
        });
        Assert.Equal(1, input.Trajectory.Closed);
        StepRow row = input.Trajectory.Rows[0];
        Assert.Equal((100, 50, 1500, 3), (row.Impressions, row.SumValue, row.SumBid, row.Multiplier));
        Assert.Equal((10, 10, 7, 2, 3, 4, 0.25f), (row.Wins, row.Exposures, row.Cost, row.Conversions, row.ConversionValue, row.ValueWon, row.MeanLeastWinningCost));
        Assert.Equal((0.5f, 3, 40), (input.Trajectory.Open.Elapsed, input.Trajectory.Open.Cost, input.Trajectory.Open.Impressions));
        Assert.Equal(3, input.LastMultiplier);
    }

    [Fact]
    public void The_houses_prior_stands_in_for_none_of_its_own()
    {
        var house = new PopulationPrior([1, 2], [1, 2], [1, 2], 0.5, 10);
        Assert.Same(house, Build(Any, house).Prior);
        PopulationPrior own = Build(Any with { Prior = new() { BidPerValue = [1, 2], Cost = [1, 2], Value = [1, 2], MeanValue = 0.25, RegimeSteps = 8 } }, house).Prior!;
        Assert.Equal((0.25, 10, 8), (own.MeanValue, own.Reference, own.RegimeSteps));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    public void A_forecast_that_is_no_number_counts_as_none(double impressions)
        => Assert.Equal(0, Build(Any with { Current = new() { Impressions = impressions } }).CurrentImpressions);

    private static DecisionItem Any => new() { Campaign = new() { Objective = Objective.TargetCpa, Budget = 10, Target = 10 } };

    private PolicyInput Build(DecisionItem item, PopulationPrior? house = null)
    {
        Assert.Null(DecisionInputs.TryBuild(item, house, _store, _store.Rent(), out PolicyInput input));
        return input;
    }
}

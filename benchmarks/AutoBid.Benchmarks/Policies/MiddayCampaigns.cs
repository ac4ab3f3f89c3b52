using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;

namespace AutoBid.Benchmarks.Policies;

/// <summary>
/// Campaigns half-way through their day, each with its own budget, price level and past: every model's window is full, every step has its curve, and the
/// running step's opportunities are known. The market that they bid in is the prior's, half as dear to twice as dear. Ids are the same for every seed.
/// </summary>
internal sealed class MiddayCampaigns
{
    private const int ClosedSteps = 24;
    private const double PerStep = 5000;

    private readonly TrajectoryStore _store = new();

    public MiddayCampaigns(int count, PopulationPrior prior, int seed = 20260105)
    {
        var random = new Random(seed);
        Inputs = new PolicyInput[count];
        StepBefore = new PolicyInput[count];
        for (int i = 0; i < count; i++)
        {
            double reference = prior.Reference * (0.7 + 0.6 * random.NextDouble()), dearer = Math.Pow(4, random.NextDouble() - 0.5);
            prior.At(Math.Log(reference / dearer), 1, out double cost, out _);
            double budget = 48 * PerStep * dearer * cost * (0.4 + 1.2 * random.NextDouble());
            int block = _store.Rent(), before = _store.Rent();
            for (int step = 0; step < ClosedSteps; step++) Close(step < ClosedSteps - 1 ? [block, before] : [block], prior, reference, budget, dearer, random);
            TrajectoryView day = _store.View(block);
            PolicyInput input = new()
            {
                CampaignId = $"campaign-{i}",
                Objective = Objective.TargetCpa,
                Mode = i % 2 == 0 ? PacingMode.SpendFirst : PacingMode.TargetFirst,
                Budget = budget,
                Reference = reference,
                MinMultiplier = DayForecast.LowestMultiplier,
                MaxMultiplier = DayForecast.HighestMultiplier,
                AccountConstant = 1,
                Trajectory = day,
                Prior = prior,
                LastMultiplier = 1,
                CurrentImpressions = PerStep * (0.5 + random.NextDouble()),
                CurrentMeanValue = prior.MeanValue * (0.5 + random.NextDouble()),
            };
            Inputs[i] = input;
            // What was then known of the step is what it turned out to be.
            StepBefore[i] = input with { Trajectory = _store.View(before), CurrentImpressions = day.Rows[^1].Impressions, CurrentMeanValue = day.Rows[^1].MeanValue };
        }
    }

    public PolicyInput[] Inputs { get; }

    /// <summary>The same campaigns, when the step before was decided.</summary>
    public PolicyInput[] StepBefore { get; }

    private void Close(ReadOnlySpan<int> blocks, PopulationPrior prior, double reference, double budget, double dearer, Random random)
    {
        double impressions = PerStep * (0.5 + random.NextDouble()), level = 0.5 + random.NextDouble(), multiplier = 0.5 + random.NextDouble();
        Span<float> costs = stackalloc float[ResponseGrid.Points], values = stackalloc float[ResponseGrid.Points];
        for (int k = 0; k < ResponseGrid.Points; k++)
        {
            prior.At(Math.Log(ResponseGrid.Multipliers[k] * reference / dearer), level, out double cost, out double value);
            costs[k] = (float)(impressions * dearer * cost / budget);
            values[k] = (float)(impressions * value * reference / budget);
        }

        prior.At(Math.Log(multiplier * reference / dearer), level, out double paid, out double won);
        var row = new StepRow
        {
            Impressions = (float)impressions,
            SumValue = (float)(impressions * prior.MeanValue * level),
            Multiplier = (float)multiplier,
            Signals = (float)impressions,
            MeanLeastWinningCost = (float)(prior.MeanValue * level * reference * dearer),
            SumBid = (float)(impressions * prior.MeanValue * level * reference * multiplier),
            Cost = (float)(impressions * dearer * paid),
            ValueWon = (float)(impressions * won),
            Wins = (float)(impressions / 10),
            Exposures = (float)(impressions / 10),
            Conversions = random.Next(3),
            Elapsed = 1,
        };
        foreach (int block in blocks) _store.Close(block, row, costs, values);
    }
}

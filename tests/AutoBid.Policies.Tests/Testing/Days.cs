using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>Campaign days for policies to decide. The market is a power law: cost b^2, value b, up to the prior's last point.</summary>
internal sealed class Days
{
    public const double Budget = 2000;
    public const double Reference = 100;
    public const double PerStep = 5000;
    public const double MeanValue = 0.0005;

    private readonly TrajectoryStore _store = new();

    public static PopulationPrior Prior(int regimeSteps = 8) => new(Bids(), [.. Bids().Select(CostOf)], [.. Bids().Select(ValueOf)], MeanValue, Reference, default, 48 * PerStep, regimeSteps);

    public PolicyInput Input(
        Action<DayBuilder>? day = null, PopulationPrior? prior = null, PacingMode mode = PacingMode.TargetFirst, Objective objective = Objective.TargetCpa,
        double budget = Budget, string id = "c", double constant = 0.8, double last = 0, double min = 0.05, double max = 4,
        double currentImpressions = 0, double currentMeanValue = 0)
    {
        int block = _store.Rent();
        day?.Invoke(new DayBuilder(_store, block));
        return new PolicyInput
        {
            CampaignId = id,
            Objective = objective,
            Mode = mode,
            Budget = budget,
            Reference = Reference,
            MinMultiplier = min,
            MaxMultiplier = max,
            AccountConstant = constant,
            Trajectory = _store.View(block),
            Prior = prior,
            LastMultiplier = last,
            CurrentImpressions = currentImpressions,
            CurrentMeanValue = currentMeanValue,
        };
    }

    /// <summary>Anything a day can hold: droughts, floods, missing curves, retracted conversions, a running step.</summary>
    public PolicyInput Random(int seed)
    {
        var random = new Random(seed);
        PopulationPrior? prior = random.Next(3) == 0 ? null : Prior(random.Next(3) == 0 ? 0 : 8);
        double budget = Math.Pow(10, 6 * random.NextDouble() - 1);
        return Input(
            day =>
            {
                int closed = random.Next(0, 49);
                for (int s = 0; s < closed; s++)
                {
                    double multiplier = random.Next(10) == 0 ? 0 : 0.02 + 5 * random.NextDouble();
                    double impressions = random.Next(5) == 0 ? 0 : PerStep * Math.Pow(10, 3 * random.NextDouble() - 2);
                    day.Step(multiplier, impressions: impressions, level: Math.Pow(10, 2 * random.NextDouble() - 1), curve: random.Next(3) > 0,
                        cost: random.Next(4) == 0 ? budget * random.NextDouble() : null, conversions: random.Next(-1, 5));
                }

                if (closed < 48 && random.Next(2) == 0)
                    day.Open((float)random.NextDouble(), cost: budget * random.NextDouble() / 10, impressions: random.Next(0, 5000), value: random.NextDouble());
            },
            prior,
            (PacingMode)random.Next(2),
            (Objective)random.Next(3),
            budget,
            id: "c" + seed,
            constant: random.Next(4) == 0 ? 0 : 3 * random.NextDouble(),
            min: 0.05 + 0.2 * random.NextDouble(),
            max: 0.5 + 3.5 * random.NextDouble(),
            currentImpressions: random.Next(2) * PerStep * random.NextDouble(),
            currentMeanValue: random.Next(2) * MeanValue * 3 * random.NextDouble());
    }

    public static ChainItem Item(PolicyInput input, string? policy = "mpc", int age = 0, double safe = 0.6, double stepStart = 0, double mpcAtStart = 0) => new()
    {
        Input = input,
        Policy = policy,
        LastAgeTicks = age,
        SafeMultiplier = safe,
        StepStartMultiplier = stepStart,
        MpcAtStepStart = mpcAtStart,
    };

    public static double ValueOf(double bid) => MeanValue * Math.Min(bid / 400, 1);

    public static double CostOf(double bid) => MeanValue * Math.Min(bid, 400) * Math.Min(bid, 400) / 800;

    private static double[] Bids() => [.. Enumerable.Range(0, 60).Select(i => 4 * Math.Pow(100, i / 59.0))];
}

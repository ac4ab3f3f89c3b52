using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.DecisionTransformer;

/// <summary>Campaigns whose days go on, are restated, re-set and mixed up at random, as services, restarts and callers of stateless decisions do it.</summary>
internal sealed class RowWorld(Random random, int campaigns, int curvesKept)
{
    private static readonly PopulationPrior?[] Priors = [Days.Prior(), Days.Prior(0), Days.Prior(5), null];

    private readonly Campaign[] _campaigns = [.. Enumerable.Range(0, campaigns).Select(i => new Campaign("c" + i))];
    private readonly TrajectoryStore _store = new(curvesKept);
    private int _seed = random.Next();

    /// <summary>Closes a step of a campaign, or of all.</summary>
    public void Advance(bool all)
    {
        foreach (Campaign one in all ? _campaigns : [Any()])
        {
            if (one.Seeds.Count < 47) one.Seeds.Add(_seed++);
            else one.Seeds.Clear();
            one.Open = default;
        }
    }

    /// <summary>Changes something of a campaign.</summary>
    public void Change()
    {
        Campaign one = Any();
        switch (random.Next(9))
        {
            // A late cost in an old step; a restated past.
            case 0 when one.Seeds.Count > 0: one.Late[random.Next(one.Seeds.Count)] = 1 + random.Next(9); break;
            case 1 when one.Seeds.Count > 0: one.Seeds[random.Next(one.Seeds.Count)] = _seed++; break;
            case 2: one.Budget *= 1.2; break;
            case 3: one.Reference *= 0.9; break;
            case 4: one.Mode = (PacingMode)random.Next(2); break;
            case 5: one.Prior = Priors[random.Next(Priors.Length)]; break;
            // Another day, and another history under the same id.
            case 6: one.Seeds.Clear(); one.Late.Clear(); break;
            case 7: one.Seeds.Clear(); for (int s = random.Next(40); s > 0; s--) one.Seeds.Add(_seed++); break;
            default: one.Open = new StepRow { Elapsed = (float)random.NextDouble(), Cost = random.Next(5), Impressions = random.Next(900), SumValue = random.Next(2) }; break;
        }
    }

    /// <summary>Some of the campaigns, in any order, as they stand; their trajectories hold until the next call.</summary>
    public PolicyInput[] Inputs()
    {
        Campaign[] some = [.. _campaigns];
        random.Shuffle(some);
        return [.. some.Take(random.Next(1, some.Length + 1)).Select(InputOf)];
    }

    private Campaign Any() => _campaigns[random.Next(_campaigns.Length)];

    private PolicyInput InputOf(Campaign one)
    {
        if (one.Block < 0) one.Block = _store.Rent();
        _store.Reset(one.Block);
        var day = new DayBuilder(_store, one.Block);
        for (int s = 0; s < one.Seeds.Count; s++)
        {
            var step = new Random(one.Seeds[s]);
            day.Step(0.3 + step.NextDouble(), impressions: 1000 + step.Next(9000), level: 0.5 + step.NextDouble(), curve: step.Next(8) > 0, conversions: step.Next(3), late: one.Late.GetValueOrDefault(s));
        }

        _store.SetOpen(one.Block, one.Open);
        bool knows = one.Name.EndsWith('3');
        return new PolicyInput
        {
            CampaignId = one.Name,
            Objective = Objective.TargetCpa,
            Mode = one.Mode,
            Budget = one.Budget,
            Reference = one.Reference,
            MinMultiplier = 0.05,
            MaxMultiplier = 4,
            Trajectory = _store.View(one.Block),
            Prior = one.Prior,
            CurrentImpressions = knows ? 4000 : 0,
            CurrentMeanValue = knows ? Days.MeanValue : 0,
        };
    }

    private sealed class Campaign(string name)
    {
        public string Name => name;

        /// <summary>A step each: what happened in it.</summary>
        public List<int> Seeds { get; } = [];

        public Dictionary<int, double> Late { get; } = [];

        public StepRow Open { get; set; }

        public double Budget { get; set; } = Days.Budget;

        public double Reference { get; set; } = Days.Reference;

        public PacingMode Mode { get; set; }

        public PopulationPrior? Prior { get; set; } = Priors[0];

        public int Block { get; set; } = -1;
    }
}

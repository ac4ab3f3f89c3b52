using AutoBid.Core.Campaigns;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Simulator.Agents;

namespace AutoBid.Simulator.Export;

/// <summary>What <c>manifest.json</c> says about an export; README.md lists the fields.</summary>
internal static class ExportManifest
{
    public static object Describe(
        IReadOnlyList<PlannedPeriod> plan, IFeatureBuilder builder, TrainingMix? mix, string planSha256, string priorSha256, IReadOnlyList<ExportShard> shards, string sha256)
    {
        var state = new AuctionNetFeatures();
        return new
        {
            ExportPlan.Format,
            Features = new { builder.Name, builder.Version, Names = builder.Columns, Masks = builder.Groups },
            State = new { state.Name, state.Version, Names = state.Columns },
            Grid = ResponseGrid.Multipliers,
            Probes = ScaleFreeFeatures.Probes,
            Seeds = plan.Select(p => p.Setup.Seed).Distinct().ToArray(),
            Lineup = LineUps(plan),
            Behaviours = Behaviours(plan),
            Mix = mix,
            Splits = ExportPlan.CountsOf(plan),
            Traffic = plan[0].Setup.Traffic,
            PriorSha256 = priorSha256,
            PlanSha256 = planSha256,
            Shards = shards,
            Sha256 = sha256,
        };
    }

    // A line-up that seats its policies anew in some periods is listed once for each seating.
    private static object[] LineUps(IReadOnlyList<PlannedPeriod> plan) =>
    [
        .. plan.Select(p => p.Setup)
            .GroupBy(setup => (setup.LineUp.Id, setup.LineUp.Name, Policies: string.Join(' ', setup.LineUp.Agents.Select(agent => agent.Policy.Name))))
            .OrderBy(group => group.Key.Id).ThenBy(group => group.Min(setup => setup.Period))
            .Select(group => new
            {
                group.Key.Id,
                group.Key.Name,
                Periods = group.Count(),
                Policies = group.First().LineUp.Agents.Select(agent => agent.Policy.Name).ToArray(),
            }),
    ];

    private static object[] Behaviours(IReadOnlyList<PlannedPeriod> plan) =>
    [
        .. plan.SelectMany(p => p.Setup.LineUp.Agents)
            .GroupBy(agent => agent.Policy.Name).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new
            {
                Policy = group.Key,
                Keys = group.Count(),
                Perturbed = group.Count(agent => agent.Perturbation is not null),
                TargetFirst = group.Count(agent => agent.Mode == PacingMode.TargetFirst),
            }),
    ];
}

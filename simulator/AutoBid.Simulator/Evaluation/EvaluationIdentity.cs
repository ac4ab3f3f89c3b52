using System.Security.Cryptography;
using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Evaluation;

/// <summary>Names a plan's results: two plans with the same identity have the same numbers on the same period.</summary>
internal static class EvaluationIdentity
{
    /// <summary>Raised when the rules of playing or scoring change: older results are then another evaluation.</summary>
    private const int Version = 1;

    public static string Of(EvaluationMarket market)
    {
        EvaluationPlan plan = market.Plan;
        var described = new
        {
            Version,
            // Paths and the number of periods choose which results there are; they change none.
            Plan = PlanSummary.Of(plan, "") with { Periods = 0, Paths = [] },
            plan.Guard,
            plan.Traffic,
            // The name of a line-up may stand for a file: what it holds counts.
            LineUps = Enumerable.Range(0, plan.LineUps.Count).SelectMany(i => plan.Modes.Select(mode => Describe(market.Base(i, mode).Setup, mode))),
        };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(described)));
    }

    private static object Describe(PeriodSetup setup, PacingMode mode) => new
    {
        setup.LineUp.Name,
        Mode = mode.ToString(),
        setup.Rules,
        setup.Traffic,
        setup.Guard,
        setup.Delay,
        Agents = setup.LineUp.Agents.Select(agent => new
        {
            agent.Seat,
            agent.Policy.Name,
            agent.Policy.Model,
            Mode = agent.Mode.ToString(),
            agent.AccountConstant,
            HasPrior = agent.Prior is not null,
            agent.KnowsStep,
            agent.KnowsCurves,
            agent.MinMultiplier,
            agent.MaxMultiplier,
            agent.Perturbation,
            agent.FollowsExecuted,
        }),
    };
}

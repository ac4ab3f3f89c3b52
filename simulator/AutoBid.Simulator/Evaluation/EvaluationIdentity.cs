using System.Security.Cryptography;
using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Evaluation;

/// <summary>Names a plan's results: two plans with the same identity have the same numbers on the same period.</summary>
internal static class EvaluationIdentity
{
    /// <summary>Raised when the rules of playing or scoring change: older results are then another evaluation.</summary>
    private const int Version = 2;

    // Log bids per value at which a rival's prior is told apart from another: from 0.05 to about 5,000.
    private const int CurvePoints = 48;
    private const double FirstLogBid = -3, LogBidStep = 0.25;

    public static string Of(EvaluationMarket market, Func<IBidPolicy, string?> cardOf)
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
            LineUps = Enumerable.Range(0, plan.LineUps.Count).SelectMany(i => plan.Modes.Select(mode => Describe(market.Base(i, mode).Setup, mode, cardOf))),
        };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(described)));
    }

    private static object Describe(PeriodSetup setup, PacingMode mode, Func<IBidPolicy, string?> cardOf)
    {
        PopulationPrior[] priors = [.. setup.LineUp.Agents.Select(agent => agent.Prior).OfType<PopulationPrior>().Distinct()];
        return new
        {
            setup.LineUp.Name,
            Mode = mode.ToString(),
            setup.Rules,
            setup.Traffic,
            setup.Guard,
            setup.Delay,
            Priors = priors.Select(Describe),
            Agents = setup.LineUp.Agents.Select(agent => new
            {
                agent.Seat,
                agent.Policy.Name,
                agent.Policy.Model,
                Card = cardOf(agent.Policy),
                Mode = agent.Mode.ToString(),
                agent.AccountConstant,
                Prior = Array.IndexOf(priors, agent.Prior),
                agent.KnowsStep,
                agent.KnowsCurves,
                agent.MinMultiplier,
                agent.MaxMultiplier,
                agent.Perturbation,
                agent.Shock,
                agent.FollowsExecuted,
            }),
        };
    }

    private static object Describe(PopulationPrior prior)
    {
        double[] costs = new double[CurvePoints], values = new double[CurvePoints];
        for (int i = 0; i < CurvePoints; i++) prior.At(FirstLogBid + i * LogBidStep, level: 1, out costs[i], out values[i]);
        return new { prior.MeanValue, prior.Reference, prior.OpportunitiesPerDay, prior.RegimeSteps, prior.LevelPersistence, prior.Shape, Costs = costs, Values = values };
    }
}

using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;

namespace AutoBid.Server.Decisions;

/// <summary>Turns a stateless request into what a policy reads: its trajectory is built from the history, with all 48 curves kept.</summary>
internal static class DecisionInputs
{
    /// <summary>Smallest target or reference: what is divided by it stays inside a float.</summary>
    private const double SmallestPrice = 1e-9;

    /// <summary>Builds the input in a rented block. Returns what is wrong, or null.</summary>
    public static string? TryBuild(DecisionItem item, PopulationPrior? house, TrajectoryStore store, int block, out PolicyInput input)
    {
        input = default;
        if (item.Campaign is not { } campaign) return "campaign: is required";
        if (campaign.Objective is not { } objective) return "campaign.objective: MaxConversions, TargetCpa or TargetRoas";
        if (!IsPrice(campaign.Budget)) return "campaign.budget: must lie between 1e-9 and 1e15";
        if (objective != Objective.MaxConversions && !IsPrice(campaign.Target)) return "campaign.target: must lie between 1e-9 and 1e15";
        if (objective == Objective.MaxConversions && !IsPrice(campaign.Reference)) return "campaign.reference: is required for MaxConversions, between 1e-9 and 1e15";
        if (item.Ticks is not (null or StepClock.StepsPerDay)) return "ticks: must be 48";
        IReadOnlyList<DecisionItem.StepPart> history = item.History ?? [];
        if (item.Tick is { } tick && tick != history.Count) return "tick: must equal the length of history";
        if (history.Any(step => step is null)) return "history: an object is required for each step";
        if (history.Count >= StepClock.StepsPerDay) return "history: the day is over after 48 steps";
        double min = campaign.MinMultiplier ?? 0.05, max = campaign.MaxMultiplier ?? 4;
        if (!(min > 0 && max <= 100 && min <= max)) return "campaign.minMultiplier: 0 < minMultiplier <= maxMultiplier <= 100";

        double reference = objective switch
        {
            Objective.TargetCpa => campaign.Target!.Value,
            Objective.TargetRoas => 1 / campaign.Target!.Value,
            _ => campaign.Reference!.Value,
        };
        string? problem = Fill(store, block, history, item.Open, campaign.Budget!.Value, reference);
        if (problem is not null) return problem;
        problem = TryPrior(item, reference, house, out PopulationPrior? prior);
        if (problem is not null) return problem;

        TrajectoryView day = store.View(block);
        input = new PolicyInput
        {
            CampaignId = item.Id ?? "",
            Objective = objective,
            Mode = campaign.Mode ?? PacingMode.TargetFirst,
            Budget = campaign.Budget.Value,
            Reference = reference,
            MinMultiplier = min,
            MaxMultiplier = max,
            AccountConstant = IsPositive(campaign.AccountConstant) ? campaign.AccountConstant!.Value : 1,
            Trajectory = day,
            Prior = prior,
            CurrentImpressions = Clean(item.Current?.Impressions),
            CurrentMeanValue = Clean(item.Current?.MeanValue),
            LastMultiplier = day.Closed > 0 ? day.Rows[^1].Multiplier : 0,
        };
        return null;
    }

    private static string? Fill(
        TrajectoryStore store, int block, IReadOnlyList<DecisionItem.StepPart> history, DecisionItem.StepPart? open, double budget, double reference)
    {
        Span<float> cost = stackalloc float[ResponseGrid.Points];
        Span<float> value = stackalloc float[ResponseGrid.Points];
        for (int s = 0; s < history.Count; s++)
        {
            if (Check(history[s]) is { } wrong) return $"history[{s}].{wrong}";
            StepRow row = RowOf(history[s], reference, 1);
            if (history[s].Response is not { } response)
            {
                store.Close(block, row);
                continue;
            }

            double[] at = response.BidPerValue ?? [], costs = response.Cost ?? [], values = response.Value ?? [];
            if (ResponsePoints.Check(at, costs, values) is { } bad) return $"history[{s}].response: {bad}";
            ResponsePoints.ResampleToGrid(at, costs, values, reference, budget, cost, value);
            row.Signals = row.Impressions;
            store.Close(block, row, cost, value);
        }

        if (open is null) return null;
        if (Check(open) is { } problem) return $"open.{problem}";
        store.SetOpen(block, RowOf(open, reference, Math.Clamp(open.Elapsed ?? 0, 0, 0.9999)));
        return null;
    }

    private static string? TryPrior(DecisionItem item, double reference, PopulationPrior? house, out PopulationPrior? prior)
    {
        prior = house;
        if (item.Prior is not { } own) return null;
        double[] at = own.BidPerValue ?? [], cost = own.Cost ?? [], value = own.Value ?? [];
        if (ResponsePoints.Check(at, cost, value) is { } problem) return $"prior: {problem}";
        // Without its own level a prior is taken to describe opportunities like this campaign's.
        double mean = own.MeanValue ?? (item.Current?.MeanValue > 0 ? item.Current.MeanValue.Value
            : item.History is { Count: > 0 } history && history.Average(step => step.MeanValue ?? 0) is > 0 and var seen ? seen : value[^1]);
        try
        {
            prior = new PopulationPrior(
                at, cost, value, mean, own.Reference ?? reference, own.Shape ?? [], own.OpportunitiesPerDay ?? 0, own.RegimeSteps ?? 0);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"prior: {e.Message}";
        }
    }

    private static string? Check(DecisionItem.StepPart step)
    {
        foreach ((string name, double? value) in new (string, double?)[]
        {
            ("impressions", step.Impressions), ("meanValue", step.MeanValue), ("bidPerValue", step.BidPerValue), ("meanBid", step.MeanBid),
            ("meanLeastWinningCost", step.MeanLeastWinningCost), ("wins", step.Wins), ("exposures", step.Exposures), ("cost", step.Cost),
            ("conversions", step.Conversions), ("conversionValue", step.ConversionValue), ("valueWon", step.ValueWon), ("elapsed", step.Elapsed),
        })
        {
            if (value is { } number && !(number >= 0 && number <= ResponsePoints.Largest)) return $"{name}: must lie between 0 and 1e15";
        }

        return null;
    }

    private static StepRow RowOf(DecisionItem.StepPart step, double reference, double elapsed)
    {
        double impressions = step.Impressions ?? 0;
        double bid = step.MeanBid ?? (step.BidPerValue ?? 0) * (step.MeanValue ?? 0);
        return new StepRow
        {
            Impressions = (float)impressions,
            SumValue = (float)(impressions * (step.MeanValue ?? 0)),
            SumBid = (float)(impressions * bid),
            Multiplier = (float)((step.BidPerValue ?? 0) / reference),
            MeanLeastWinningCost = (float)(step.MeanLeastWinningCost ?? 0),
            Wins = (float)(step.Wins ?? 0),
            Exposures = (float)(step.Exposures ?? step.Wins ?? 0),
            Cost = (float)(step.Cost ?? 0),
            Conversions = (float)(step.Conversions ?? 0),
            ConversionValue = (float)(step.ConversionValue ?? 0),
            ValueWon = (float)(step.ValueWon ?? 0),
            Elapsed = (float)elapsed,
        };
    }

    private static bool IsPrice(double? value) => value is >= SmallestPrice and <= ResponsePoints.Largest;

    private static bool IsPositive(double? value) => value is > 0 and <= ResponsePoints.Largest;

    private static double Clean(double? value) => IsPositive(value) ? value!.Value : 0;
}

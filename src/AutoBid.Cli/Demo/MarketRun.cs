using System.Diagnostics;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Output;
using AutoBid.Core.Campaigns;
using AutoBid.Policies.Fallback;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Demo;

/// <summary>The main job against a service over HTTP or an engine in process: creates the campaigns, plays a day, and reads the result out of the ledger.</summary>
internal sealed class MarketRun(MarketRunOptions options, IMarketService service)
{
    private const int MostDecisions = 2_000;

    private readonly MarketPlayOptions _play = options.Play;

    private IReadOnlyList<MarketCampaign> Campaigns => _play.Market.Campaigns;

    /// <exception cref="ServiceException">The service refused something or is gone.</exception>
    public async Task<RunReport> PlayAsync(IRunView view, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        PolicyChoice? choice = await service.TryDescribeAsync(options.Policy, cancellation);
        if (choice is not null) view.Say(choice.ToString());
        foreach (MarketCampaign campaign in Campaigns) await service.CreateCampaignAsync(campaign, options.Policy, cancellation);
        var player = new MarketPlayer(_play);
        MarketResult result = await view.WatchAsync(
            observer => player.PlayAsync(service.Bidder, async progress => observer(progress, await LedgersAsync(cancellation)), cancellation));
        return await ReportAsync(choice, result, service.Transport, Stopwatch.GetElapsedTime(started), cancellation);
    }

    private async Task<RunReport> ReportAsync(PolicyChoice? choice, MarketResult result, ExchangeTransport transport, TimeSpan wall, CancellationToken cancellation)
    {
        IReadOnlyList<TrajectoryAnswer> ledgers = await LedgersAsync(cancellation);
        var problems = new List<string>(LedgerCheck.Of(result, transport));
        var campaigns = new List<CampaignReport>();
        var decisionLatencies = new List<double>();
        for (int i = 0; i < Campaigns.Count; i++)
        {
            IReadOnlyList<DecisionAnswer> decisions = await service.GetDecisionsAsync(Campaigns[i].Id, MostDecisions, cancellation);
            problems.AddRange(LedgerCheck.Of(Campaigns[i], ledgers[i], decisions, result.Campaigns[i], _play.Day, result.Ticks));
            campaigns.Add(Report(Campaigns[i], ledgers[i], [.. decisions.Where(d => d.Day == _play.Day).OrderBy(d => d.Tick)]));
            decisionLatencies.AddRange(decisions.Select(d => d.LatencyMs));
        }

        PrometheusText? metrics = await service.TryGetMetricsAsync(cancellation);
        return new RunReport
        {
            Seed = options.Seed,
            // A service that does not tell shows it in its decisions.
            Policy = choice?.Name ?? options.Policy ?? campaigns[0].Decisions.Select(decision => decision.Policy).LastOrDefault() ?? "unknown",
            Choice = choice,
            Events = options.Events,
            Day = _play.Day,
            Steps = options.Steps,
            TickSeconds = options.Tick.TotalSeconds,
            RequestsPerStep = options.RequestsPerStep,
            WallSeconds = wall.TotalSeconds,
            DecisionsHash = result.DecisionsHash,
            Totals = Totals(result, transport, campaigns, metrics),
            Latency = new RunLatencies(
                transport.RoundTrip, metrics?.Histogram("autobid_bid_duration_seconds"), LatencySummary.Of(decisionLatencies.ToArray()),
                metrics?.Histogram("autobid_decision_duration_seconds"), transport.Tick),
            Campaigns = campaigns,
            Problems = problems,
        };
    }

    private static RunTotals Totals(MarketResult result, ExchangeTransport transport, List<CampaignReport> campaigns, PrometheusText? metrics) => new()
    {
        Requests = result.Requests,
        Bids = result.Bids,
        NoBids = result.NoBids,
        NoBidReasons = result.NoBidReasons,
        Wins = campaigns.Sum(c => c.Wins),
        Spend = campaigns.Sum(c => c.Spend),
        Adjustments = campaigns.Sum(c => c.Adjustments),
        Conversions = campaigns.Sum(c => c.Conversions),
        Notices = transport.Notices,
        NoticeRetries = transport.NoticeRetries,
        Applied = result.Applied,
        // A counter that never counted is not on the page.
        Duplicates = metrics is null ? null : (long)(metrics.Sum("autobid_events_duplicate_total") ?? 0),
        Ticks = result.Ticks,
        Decisions = campaigns.Sum(c => c.Decisions.Count),
        Fallbacks = campaigns.Sum(c => c.Fallbacks.Values.Sum()),
        StepsClosed = result.StepsClosed,
    };

    private static CampaignReport Report(MarketCampaign campaign, TrajectoryAnswer ledger, List<DecisionAnswer> decisions)
    {
        bool roas = campaign.Objective == Objective.TargetRoas;
        return new CampaignReport
        {
            Id = campaign.Id,
            Objective = campaign.Objective.ToString(),
            Mode = CampaignBody.ModeOf(campaign).ToString(),
            Budget = ledger.Budget,
            Spend = ledger.Spent,
            Share = ledger.Budget > 0 ? (double)(ledger.Spent / ledger.Budget) : 0,
            Adjustments = ledger.Adjustments,
            Wins = (long)ledger.Steps.Sum(step => step.Wins),
            Conversions = ledger.Conversions,
            ConversionValue = ledger.ConversionValue,
            ExpectedValue = ledger.ExpectedValue,
            Measure = roas ? "roas" : "cpa",
            Target = campaign.Target,
            Achieved = roas ? Ratio(ledger.ConversionValue, ledger.Spent) : Ratio(ledger.Spent, ledger.Conversions),
            MultiplierPath = [.. decisions.GroupBy(d => d.Step).OrderBy(step => step.Key).Select(step => step.Last().Multiplier)],
            MultiplierMin = decisions.Count == 0 ? 0 : decisions.Min(d => d.Multiplier),
            MultiplierMax = decisions.Count == 0 ? 0 : decisions.Max(d => d.Multiplier),
            Fallbacks = Count(decisions.Where(d => d.Fallback is not null).Select(d => $"{d.Fallback!.Step}:{d.Fallback.Reason}")),
            GuardReasons = Count(decisions.SelectMany(d => d.Reasons)),
            Decisions = [.. decisions.Select(d => new DecisionLine(d.Tick, d.Step, d.Policy, d.Model, d.Fallback, d.Reasons, d.RawMultiplier, d.Multiplier))],
        };
    }

    private static double? Ratio(decimal numerator, decimal denominator) => denominator == 0 ? null : (double)(numerator / denominator);

    private static SortedDictionary<string, int> Count(IEnumerable<string> names)
        => new(names.GroupBy(name => name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count()), StringComparer.Ordinal);

    private async Task<IReadOnlyList<TrajectoryAnswer>> LedgersAsync(CancellationToken cancellation)
    {
        var ledgers = new TrajectoryAnswer[Campaigns.Count];
        for (int i = 0; i < ledgers.Length; i++) ledgers[i] = await service.GetTrajectoryAsync(Campaigns[i].Id, cancellation);
        return ledgers;
    }
}

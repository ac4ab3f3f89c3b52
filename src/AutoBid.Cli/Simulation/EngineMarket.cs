using System.Text.Json;
using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ports;
using AutoBid.OpenRtb.Profiles;
using AutoBid.OpenRtb.Writing;
using AutoBid.Policies.Ensemble;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Simple;
using AutoBid.Server.Auth;
using AutoBid.Server.Bidding;
using AutoBid.Server.Campaigns;
using AutoBid.Server.Hosting;
using AutoBid.Simulator.Market;
using AutoBid.Streaming.Json;

namespace AutoBid.Cli.Simulation;

/// <summary>
/// The service's engine without the service: same policies, models, prior, campaign rules and event identities, with log and ledger in memory. A day played
/// here makes the decision list of the same day over HTTP.
/// </summary>
internal sealed class EngineMarket : IMarketService
{
    /// <summary>mtype of the market's impressions.</summary>
    private const int Banner = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly PolicyMetrics _metrics = new();
    private readonly DecisionHistory _history = new();
    private readonly MemoryEventLog _log = new();
    private readonly ModelRegistry _models;
    private readonly PolicyCatalog _policies;
    private readonly AutoBidEngine _engine;
    private readonly EngineBidder _bidder;

    private EngineMarket(MarketPlayOptions options, string models, PriorFile? prior)
    {
        _models = new ModelRegistry(models, new ModelRegistryOptions { DeadlineMs = ModelRegistryOptions.DeadlineOf(options.Tick) }, _metrics, TimeProvider.System);
        var clocks = new EngineClocks(new VirtualTime(new DateTimeOffset(options.DayStart, TimeSpan.Zero)), TimeProvider.System, Deterministic: true);
        _policies = new PolicyCatalog([new ConstantPolicy(), new PidPolicy(), new MpcPolicy(), new EnsemblePolicy(_models)], _models, clocks.Monotonic);
        ExchangeProfile profile = ExchangeProfile.Default;
        var settings = new EngineOptions
        {
            Node = "market",
            Tick = options.Tick,
            Prior = prior?.ToPrior(),
            LongestHold = profile.LongestLossAssumedAfter + TimeSpan.FromMinutes(5),
        };
        _engine = new AutoBidEngine(settings, clocks, _log, new MemoryLedgerStore(), new DecisionChain(_policies, _metrics), static e => EventIdentities.Of(e));
        _engine.Decided += _history.Add;
        _bidder = new EngineBidder(_engine, _log, new EngineBidderOptions
        {
            Play = options,
            Identify = static e => EventIdentities.Of(e),
            NameOf = NameOf,
            Tenant = Caller.DefaultTenant,
            Exchange = profile.Name,
            Hold = profile.LossAssumedAfter(Banner),
        });
    }

    public IMarketBidder Bidder => _bidder;

    public ExchangeTransport Transport => new(_bidder.Notices, 0, new Dictionary<string, long>(), null, null);

    /// <summary>Loads the models and starts the engine at the start of the day.</summary>
    /// <param name="models">Folder of the registry; may be missing.</param>
    /// <param name="prior">Population prior; null: none.</param>
    public static async Task<EngineMarket> StartAsync(MarketPlayOptions options, string models, PriorFile? prior, CancellationToken cancellation)
    {
        var market = new EngineMarket(options, models, prior);
        try
        {
            market._models.Reload();
            await market._engine.StartAsync(AsyncEnumerable.Empty<Campaign>(), cancellation);
            return market;
        }
        catch
        {
            await market.DisposeAsync();
            throw;
        }
    }

    public Task<PolicyChoice?> TryDescribeAsync(string? policy, CancellationToken cancellation)
        => Task.FromResult(_policies.IsKnown(policy) ? _policies.Describe(policy) : null);

    /// <exception cref="CommandException">The service would refuse these settings.</exception>
    public async Task CreateCampaignAsync(MarketCampaign campaign, string? policy, CancellationToken cancellation)
    {
        CampaignDocument document = JsonSerializer.Deserialize<CampaignDocument>(CampaignBody.Write(campaign, policy).Span, Json)!;
        if (!document.TryToCampaign(campaign.Id, Caller.DefaultTenant, out Campaign settings, out List<KeyValuePair<string, string>> errors))
            throw new CommandException($"campaign {campaign.Id}: {errors[0].Key} {errors[0].Value}");
        if (!_policies.IsKnown(policy))
            throw new CommandException($"--policy: '{policy}' is {_policies.Describe(policy).Reason}; one of {string.Join(", ", _policies.Names)}", CommandException.Usage);
        await _bidder.AddAsync(settings);
    }

    public async Task<TrajectoryAnswer> GetTrajectoryAsync(string campaign, CancellationToken cancellation)
    {
        CampaignStatusView view = await _engine.LookAsync(Caller.DefaultTenant, campaign, cancellation)
            ?? throw new CommandException($"campaign {campaign} is not known to the engine");
        return new TrajectoryAnswer
        {
            Campaign = campaign,
            Day = view.Day,
            Budget = Nanos.ToDecimal(view.Settings.DailyBudgetNanos),
            Spent = Nanos.ToDecimal(view.SpentNanos),
            Adjustments = Nanos.ToDecimal(view.AdjustedNanos),
            Conversions = view.Conversions,
            ConversionValue = view.ConversionValueMicros / 1_000_000m,
            ExpectedValue = view.ValueWonE9 / 1e9,
            Reference = view.Reference,
            Multiplier = view.Multiplier,
            Steps = [.. view.Rows.Select(StepOf)],
        };
    }

    public Task<IReadOnlyList<DecisionAnswer>> GetDecisionsAsync(string campaign, int limit, CancellationToken cancellation)
        => Task.FromResult<IReadOnlyList<DecisionAnswer>>([.. _history.Of(campaign, limit).Select(AnswerOf)]);

    public Task<PrometheusText?> TryGetMetricsAsync(CancellationToken cancellation) => Task.FromResult<PrometheusText?>(null);

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _models.Dispose();
        _metrics.Dispose();
    }

    // As the service answers: the nbr of the candidate that dropped out last.
    private static string NameOf(GuardReasons reasons)
    {
        NoBidReason reason = (reasons & GuardReasons.Lease) != 0 ? NoBidReason.Lease : Server.Bidding.Bidder.NoBidOf(reasons);
        return ((int)reason).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static StepAnswer StepOf(StepRow row, int step) => new()
    {
        Step = step,
        Impressions = row.Impressions,
        SumValue = row.SumValue,
        Multiplier = row.Multiplier,
        MeanLeastWinningCost = row.MeanLeastWinningCost,
        Wins = row.Wins,
        Cost = row.Cost,
        Conversions = row.Conversions,
        ConversionValue = row.ConversionValue,
        ValueWon = row.ValueWon,
        Elapsed = row.Elapsed,
    };

    private static DecisionAnswer AnswerOf(DecisionRecord decision) => new()
    {
        Time = new DateTimeOffset(decision.TimeTicks, TimeSpan.Zero),
        Day = decision.Day,
        Step = decision.Step,
        Tick = decision.Tick,
        Policy = decision.Policy,
        Model = decision.Model,
        Fallback = decision.FallbackStep is { } step ? new FallbackAnswer(step, decision.FallbackReason!) : null,
        Reasons = decision.Reasons,
        RawMultiplier = double.IsFinite(decision.RawMultiplier) ? decision.RawMultiplier : null,
        Multiplier = decision.Multiplier,
        LatencyMs = decision.LatencyMs,
    };
}

using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Money;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Loop;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using BenchmarkDotNet.Attributes;

namespace AutoBid.Benchmarks;

/// <summary>Policy, guard and publication of one control tick over 1,000 active campaigns at midday, with curves and prior. Target: 20 ms.</summary>
[MemoryDiagnoser]
public class TickBenchmarks
{
    private const int Campaigns = 1_000;
    private static readonly long DayStart = new DateTime(2026, 1, 5, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private readonly EngineMetrics _metrics = new();
    private readonly PolicyMetrics _policyMetrics = new();
    private Decider _decider = null!;
    private long _now;

    [Params("pid", "mpc")]
    public string Policy { get; set; } = "mpc";

    [GlobalSetup]
    public void Setup()
    {
        var slots = new BidSlotTable();
        var leases = new LeaseDesk();
        var book = new CampaignBook(slots, leases, new BidCounters());
        var options = new EngineOptions { Prior = Prior() };
        var clocks = new EngineClocks(new VirtualTime(new DateTimeOffset(DayStart, TimeSpan.Zero)), TimeProvider.System, Deterministic: true);
        var closer = new StepCloser(book, leases, options);
        for (int c = 0; c < Campaigns; c++)
        {
            book.Upsert(new Campaign
            {
                Id = $"campaign-{c}",
                TenantId = "default",
                Objective = Objective.TargetCpa,
                Target = 25,
                DailyBudgetNanos = (200 + c) * Nanos.PerUnit,
                Policy = Policy,
            });
            for (int step = 0; step <= 24; step++)
            {
                _now = DayStart + step * TimeSpan.TicksPerHour / 2;
                closer.Advance(c, _now);
                Fill(book, c, step);
            }

            closer.ShowOpenRow(c, _now);
        }

        var chain = new DecisionChain(new PolicyCatalog([new ConstantPolicy(), new PidPolicy(), new MpcPolicy()], null, clocks.Monotonic), _policyMetrics);
        _decider = new Decider(book, slots, chain, new Guard(options.Guard), options, clocks, _metrics);
    }

    [Benchmark]
    public int Tick() => _decider.Decide(_now, inputsAreStale: false).Count;

    private static void Fill(CampaignBook book, int campaign, int step)
    {
        ref var open = ref book.Open(campaign);
        open.Impressions = 1000;
        open.Bids = 900;
        open.SumValueE9 = 2_000_000_000;
        open.SumBidValueE9 = 1_800_000_000;
        open.SumBidNanos = 45 * Nanos.PerUnit;
        open.CostNanos = (4 + (campaign + step) % 5) * Nanos.PerUnit;
        open.Wins = open.Exposures = 150;
        open.ValueWonE9 = 300_000_000;
        for (int i = 0; i < 60; i++) open.AddSignal(2_000_000 + 20_000 * i, 10_000_000 + 1_500_000 * i, 25);
    }

    private static PopulationPrior Prior()
    {
        double[] at = [5, 10, 20, 40, 80], cost = [0.0004, 0.0014, 0.0046, 0.0125, 0.024], value = [0.00012, 0.00026, 0.0005, 0.0009, 0.0013];
        return new PopulationPrior(at, cost, value, 0.002, 25, default, 48_000, 8);
    }
}

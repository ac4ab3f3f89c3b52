using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Policies.Fallback;
using AutoBid.Storage.Sqlite;
using AutoBid.Streaming;
using AutoBid.Streaming.Embedded;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoBid.Chaos.Tests.Process;

/// <summary>Holds what a service left in its database and its log against what was sent to it.</summary>
internal static class LedgerAudit
{
    public const string Tenant = "default";

    /// <summary>
    /// The database of a running service: what was acknowledged is settled, nothing beside it but what is in doubt, and no scope uses more than its budget
    /// and its listed adjustments. Null: all of it holds; else what does not, or not yet.
    /// </summary>
    public static async Task<string?> LookAsync(string data, ExchangeLedger ledger)
    {
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(Path.Combine(data, "autobid.db"));
        await using var store = new SqliteLedgerStore(database);
        return await LookAsync(store, ledger);
    }

    /// <inheritdoc cref="LookAsync(string, ExchangeLedger)"/>
    /// <param name="isAtRest">False: bills are under way, and what was acknowledged need not be settled yet.</param>
    public static async Task<string?> LookAsync(ILedgerStore store, ExchangeLedger ledger, bool isAtRest = true)
    {
        var raised = new Dictionary<string, long>();
        foreach (string campaign in ChaosService.Campaigns)
            raised[campaign] = (await store.AdjustmentsAsync(Tenant, campaign, default)).Sum(one => Math.Max(one.AmountNanos, 0));
        foreach (string campaign in ChaosService.Campaigns)
        {
            // Before the settled amount is read: what is acknowledged meanwhile must not be missed.
            long least = ledger.Acknowledged(campaign);
            IReadOnlyList<BudgetRow> rows = await store.BudgetsAsync(Tenant, campaign, default);
            long settled = rows.Where(row => row.Scope == BudgetScope.Day).Sum(row => row.SettledNanos);
            long most = ledger.Acknowledged(campaign) + ledger.InDoubt(campaign);
            if (isAtRest && settled < least) return $"{campaign}: {least} was acknowledged, {settled} is settled";
            if (settled > most) return $"{campaign}: {most} was sent, {settled} is settled";
            foreach (BudgetRow row in rows)
            {
                long adjusted = row.Scope == BudgetScope.Account ? raised["first"] + raised["second"] : raised[campaign];
                if (row.SettledNanos + row.OutstandingNanos - adjusted > row.BudgetNanos) return $"{row} uses more than its budget and its adjustments of {adjusted}";
            }
        }

        return null;
    }

    /// <summary>
    /// The data of a killed service, on a copy: an engine that recovers from it and one that replays its whole log from zero have the same state; the log has
    /// every acknowledged bill, none that was not sent, and the database settles each once.
    /// </summary>
    public static async Task<AuditReport> EndAsync(string data, DateTimeOffset began, ExchangeLedger ledger)
    {
        using var folder = new TempFolder();
        string copy = Path.Combine(folder.Path, "copy"), replay = Path.Combine(folder.Path, "replay");
        Copy(data, copy);
        Copy(Path.Combine(data, "log"), Path.Combine(replay, "log"));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(Path.Combine(copy, "autobid.db"));
        var campaigns = new List<Campaign>();
        await foreach (Campaign campaign in new SqliteCampaignStore(database).AllAsync(default)) campaigns.Add(campaign);
        var store = new SqliteLedgerStore(database);
        using var metrics = new PolicyMetrics();

        string recovered, replayed;
        string[] recoveredDays, replayedDays;
        List<EngineEvent> bills;
        int conversions;
        var clock = new ManualTimeProvider(now);
        EmbeddedEventLog log = Open(copy, campaigns);
        bills = Read(log, campaigns, Topic.Spend).Where(e => e.Kind == EventKind.Bill).DistinctBy(e => e.Identity).ToList();
        conversions = CheckConversions(log, campaigns, ledger);
        await using (var engine = Engine(new EngineClocks(clock, clock, Deterministic: false), log, store, "recovered", metrics))
        {
            await engine.StartAsync(campaigns.ToAsyncEnumerable(), default);
            recovered = await engine.StateHashAsync(default);
            recoveredDays = await DaysAsync(engine, log);
        }

        // From its first instant on, tick by tick: a day must have begun before what happens in it is read.
        var time = new VirtualTime(began);
        EmbeddedEventLog again = Open(replay, campaigns);
        await using (var engine = Engine(new EngineClocks(time, clock, Deterministic: true), again, new InMemoryLedgerStore { FirstLeaseId = 1_000_000_000 }, "replay", metrics))
        {
            await engine.StartAsync(campaigns.ToAsyncEnumerable(), default);
            await engine.AdvanceToAsync(now, default);
            replayed = await engine.StateHashAsync(default);
            replayedDays = await DaysAsync(engine, again);
        }

        CheckBills(bills, ledger);
        var causes = new Dictionary<string, (int Count, long Nanos)>();
        foreach (string campaign in ChaosService.Campaigns)
        {
            long settled = (await store.BudgetsAsync(Tenant, campaign, default)).Where(row => row.Scope == BudgetScope.Day).Sum(row => row.SettledNanos);
            Assert.Equal((campaign, bills.Where(e => e.CampaignId == campaign).Sum(e => e.AmountNanos)), (campaign, settled));
            foreach (Adjustment one in await store.AdjustmentsAsync(Tenant, campaign, default))
            {
                (int count, long nanos) = causes.GetValueOrDefault(one.Cause);
                causes[one.Cause] = (count + 1, nanos + one.AmountNanos);
            }
        }

        // The hash covers these too, but says nothing when it differs.
        Assert.Equal(replayedDays, recoveredDays);
        Assert.Equal(replayed, recovered);
        return new AuditReport(bills.Count, conversions, causes);
    }

    private static async Task<string[]> DaysAsync(AutoBidEngine engine, EmbeddedEventLog log)
    {
        var lines = new List<string>();
        foreach (string campaign in ChaosService.Campaigns)
        {
            CampaignStatusView look = (await engine.LookAsync(Tenant, campaign, default))!;
            lines.Add($"{campaign} {look.Day}: {look.SpentNanos} spent, {look.Conversions} conversions of {look.ConversionValueMicros}");
            lines.AddRange(look.Rows.SkipLast(1).Select((row, step) => $"{campaign} step {step}: multiplier {row.Multiplier}, cost {row.Cost}, late {row.LateCost}, conversions {row.Conversions}, late {row.LateConversions}"));
        }

        lines.AddRange(log.Position.Select(at => $"{at}"));
        return [.. lines];
    }

    /// <summary>Every acknowledged bill is in the log as it was sent, and none that was not sent.</summary>
    internal static void CheckBills(List<EngineEvent> bills, ExchangeLedger ledger)
    {
        var logged = bills.ToDictionary(e => e.Auction!);
        foreach (SentNotice bill in ledger.Bills)
        {
            bool found = logged.TryGetValue(bill.Auction, out EngineEvent e);
            Assert.True(found || !bill.IsAcknowledged, $"the bill of {bill.Auction} was acknowledged and is not in the log");
            if (found) Assert.Equal((bill.Auction, bill.Campaign, bill.PriceNanos), (e.Auction!, e.CampaignId, e.AmountNanos));
        }

        var sent = ledger.Bills.Where(bill => bill.IsSent).Select(bill => bill.Auction).ToHashSet();
        Assert.All(logged.Keys, auction => Assert.Contains(auction, sent));
    }

    private static int CheckConversions(EmbeddedEventLog log, List<Campaign> campaigns, ExchangeLedger ledger)
    {
        var logged = Read(log, campaigns, Topic.Conversions).Select(e => (e.CampaignId, e.Auction!)).ToHashSet();
        foreach (((string Campaign, string Id) key, bool acknowledged) in ledger.Conversions) Assert.True(!acknowledged || logged.Contains(key), $"{key} was acknowledged and is not in the log");
        Assert.All(logged, key => Assert.True(ledger.Conversions.ContainsKey(key)));
        return logged.Count;
    }

    private static IEnumerable<EngineEvent> Read(EmbeddedEventLog log, List<Campaign> campaigns, string topic)
    {
        CampaignNames names = NamesOf(campaigns);
        foreach (LogRecord record in log.Scan(topic))
        {
            Assert.True(EventReader.TryRead(topic, record.Payload, names, out EngineEvent e, out string error), error);
            yield return e;
        }
    }

    private static EmbeddedEventLog Open(string folder, List<Campaign> campaigns)
        => new(new EventLogOptions { Directory = Path.Combine(folder, "log"), Fsync = false }, NamesOf(campaigns), NullLogger<EmbeddedEventLog>.Instance, TimeProvider.System);

    private static AutoBidEngine Engine(EngineClocks clocks, IEventLog log, ILedgerStore store, string node, PolicyMetrics metrics)
        => new(new EngineOptions { Node = node, Tick = TimeSpan.FromSeconds(1) }, clocks, log, store, Bench.Chain(metrics), static e => EventIdentities.Of(e));

    private static CampaignNames NamesOf(List<Campaign> campaigns)
    {
        var names = new CampaignNames();
        foreach (Campaign campaign in campaigns) names.Learn(campaign);
        return names;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (string folder in Directory.EnumerateDirectories(from)) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}

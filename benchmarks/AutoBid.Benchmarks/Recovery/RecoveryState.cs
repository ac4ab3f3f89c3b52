using System.Globalization;
using AutoBid.Benchmarks.Ingest;
using AutoBid.Core.Campaigns;
using AutoBid.Engine;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Partitioning;

namespace AutoBid.Benchmarks.Recovery;

/// <summary>
/// What a service with active campaigns has committed at noon of their day: settings, budgets, an open lease each, 24 closed steps with 20 curves, the dedupe
/// memory of its bids. Written through the stores' own calls.
/// </summary>
internal sealed class RecoveryState
{
    /// <summary>As the log makes its topics.</summary>
    private const int Partitions = 4;

    private const int Steps = 24;
    private const int BillsOfEach = 20;
    private const int Chunk = 2_000;
    private const string Node = "dead/1";

    private static readonly int[] Numbers = [.. Enumerable.Range(0, Partitions)];

    private readonly CampaignBook _book = new(new BidSlotTable(), new LeaseDesk(), new BidCounters());
    private readonly StepCloser _closer;
    private readonly Campaign[] _campaigns;
    private readonly long _now = DateTime.UtcNow.Ticks;

    public RecoveryState(int campaigns)
    {
        _closer = new StepCloser(_book, new LeaseDesk(), new EngineOptions());
        // Noon is now, so that the day goes on after the start.
        int offset = 12 - DateTime.UtcNow.Hour;
        string zone = offset == 0 ? "Etc/GMT" : string.Create(CultureInfo.InvariantCulture, $"Etc/GMT{(offset > 0 ? '-' : '+')}{Math.Abs(offset)}");
        _campaigns = [.. Enumerable.Range(0, campaigns).Select(c => IngestEvents.CampaignOf(c) with { Name = $"Spring sale {c}", Schedule = new Schedule { TimeZone = zone } })];
    }

    public IReadOnlyList<Campaign> Campaigns => _campaigns;

    /// <summary>Bytes of all state blobs.</summary>
    public long BlobBytes { get; private set; }

    /// <summary>Identities and own bids remembered.</summary>
    public long Remembered { get; private set; }

    public async Task WriteAsync(ICampaignStore settings, ILedgerStore ledger)
    {
        var at = new ParallelOptions { MaxDegreeOfParallelism = 32 };
        await Parallel.ForEachAsync(_campaigns, at, async (campaign, cancellation) => await settings.CreateAsync(campaign, cancellation));
        // A service has told its nodes of them long ago.
        while (await settings.OutboxAsync(Chunk, default) is { Count: > 0 } rows) await settings.PublishedAsync([.. rows.Select(row => row.Id)], default);

        IReadOnlyList<PartitionClaim> claims = await ledger.ClaimAsync(Node, Numbers, Partitions, default);
        PartitionEpoch[] held = [.. claims.Select(claim => new PartitionEpoch(claim.Partition, claim.Epoch))];
        Fill(claims);
        var seen = new SeenMemory(TimeSpan.FromHours(72));
        long sequence = 0;
        for (int first = 0; first < _campaigns.Length; first += Chunk)
        {
            int[] chunk = [.. Enumerable.Range(first, Math.Min(Chunk, _campaigns.Length - first))];
            await ledger.SetBudgetsAsync(
                [.. chunk.Select(c => new BudgetSetting(IngestEvents.Tenant, _campaigns[c].Id, PartitionOf(_campaigns[c].Id), _book[c].Day, _campaigns[c].DailyBudgetNanos, null, null, null))], held, default);
            IReadOnlyList<LeaseGrant> leases = await ledger.GrantAsync(
                [.. chunk.Select(c => new LeaseRequest(IngestEvents.Tenant, _campaigns[c].Id, _book[c].Day, Node, 1_000_000_000, _now, TimeSpan.TicksPerMinute))], default);
            var commit = new LedgerCommit { Sequence = ++sequence };
            commit.Epochs.AddRange(held);
            for (int i = 0; i < chunk.Length; i++)
            {
                int c = chunk[i];
                Remember(seen, c, leases[i].LeaseId);
                commit.Settlements.Add(new LeaseSettlement(leases[i].LeaseId, BillsOfEach * 1_000_000L));
                (_book[c].BudgetVersion, _book[c].BudgetDay) = (_campaigns[c].Version, _book[c].Day);
                StateCodec.Add(_book, c, commit.States);
            }

            BlobBytes += commit.States.Sum(state => (long)state.Blob.Length);

            SeenChanges changes = seen.Take();
            commit.SeenReplaced.AddRange(changes.Replaced);
            commit.Seen.AddRange(changes.Appended);
            await ledger.CommitAsync(commit, default);
        }

        Remembered = seen.Count;
    }

    /// <summary>Opportunities and foreign bills of the last seconds.</summary>
    public async Task WriteAsync(IEventLog log, int events)
    {
        OpenBids[] none = [.. _campaigns.Select(_ => new OpenBids(0, 0, 0))];
        var stream = new IngestEvents(none, _now - 10 * TimeSpan.TicksPerSecond, _now, events);
        var batch = new EngineEvent[1_000];
        for (int written = 0; written < events; written += batch.Length)
        {
            for (int i = 0; i < batch.Length; i++) batch[i] = stream.Next();
            await log.AppendAsync(batch.AsMemory(0, Math.Min(batch.Length, events - written)), default);
        }
    }

    private static int PartitionOf(string campaign) => Murmur2.Partition(campaign, Partitions);

    private void Fill(IReadOnlyList<PartitionClaim> claims)
    {
        foreach (Campaign campaign in _campaigns) _book.Upsert(campaign);
        _book.Place(PartitionOf);
        _book.Own(claims);
        for (int c = 0; c < _campaigns.Length; c++)
        {
            _closer.Advance(c, _now);
            long start = _book[c].DayStartTicks;
            // Begun again, and played: what was closed above was empty.
            _book.Trajectories.Reset(_book[c].Block);
            for (int step = 0; step <= Steps; step++)
            {
                _closer.Advance(c, Math.Min(start + step * TimeSpan.TicksPerHour / 2, _now));
                ref var open = ref _book.Open(c);
                open.AddSignal(2_000_000, 20_000_000, 25);
                open.Impressions += 40;
                open.Bids += 35;
                open.CostNanos += 800_000;
            }

            _book[c].SpentNanos = BillsOfEach * 1_000_000L;
            _book[c].Multiplier = _book[c].RawMultiplier = 1;
        }
    }

    private void Remember(SeenMemory seen, int campaign, long lease)
    {
        for (int seq = 0; seq < BillsOfEach; seq++)
        {
            seen.TryAdd(
                new EngineEvent { Kind = EventKind.Bill, TenantId = IngestEvents.Tenant, Lease = lease, Seq = seq, TimeTicks = _now - TimeSpan.TicksPerHour }, PartitionOf(_campaigns[campaign].Id), _now);
            if (seq % 2 != 0) continue;
            var identity = EventIdentities.Of(IngestEvents.Tenant, "shop", string.Create(CultureInfo.InvariantCulture, $"{campaign}-{seq}"));
            seen.TryAdd(new EngineEvent { Kind = EventKind.Convert, Identity = identity, TimeTicks = _now - seq * TimeSpan.TicksPerHour }, PartitionOf(_campaigns[campaign].Id), _now);
        }
    }
}

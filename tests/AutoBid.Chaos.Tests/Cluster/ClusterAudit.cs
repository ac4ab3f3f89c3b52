using AutoBid.Chaos.Tests.Process;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using AutoBid.Streaming;
using AutoBid.Streaming.Json;
using Confluent.Kafka;

namespace AutoBid.Chaos.Tests.Cluster;

/// <summary>Holds what several nodes left in one database, one log and their memories against what was sent to them.</summary>
internal static class ClusterAudit
{
    /// <summary>
    /// Every distinct bill in the log is settled once and no other money; every acknowledged one is in the log, none that was not sent; the owners' conversions
    /// are those of the log; nothing is in the dead letters; no scope uses more than its budget and its adjustments.
    /// </summary>
    public static async Task<AuditReport> EndAsync(
        string broker, string prefix, string connection, IReadOnlyList<ChaosNode> nodes, ExchangeLedger ledger, TimeSpan limit)
    {
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync(connection);
        await using var store = new PostgresLedgerStore(database);
        var names = new CampaignNames();
        await foreach (Core.Campaigns.Campaign campaign in new PostgresCampaignStore(database).AllAsync(default)) names.Learn(campaign);

        string[] dead = [.. Topic.Inputs.SelectMany(topic => Read(broker, prefix + Topic.Dead(topic))).Select(one => System.Text.Encoding.UTF8.GetString(one))];
        Assert.True(dead.Length == 0, string.Join('\n', dead));
        List<EngineEvent> bills = [.. Parse(broker, prefix, Topic.Spend, names).Where(e => e.Kind == EventKind.Bill).DistinctBy(e => e.Identity)];
        LedgerAudit.CheckBills(bills, ledger);
        var conversions = Parse(broker, prefix, Topic.Conversions, names).Select(e => (e.CampaignId, Id: e.Auction!)).ToHashSet();
        foreach (((string Campaign, string Id) key, bool acknowledged) in ledger.Conversions) Assert.True(!acknowledged || conversions.Contains(key), $"{key} was acknowledged and is not in the log");
        Assert.All(conversions, key => Assert.True(ledger.Conversions.ContainsKey(key)));

        var causes = new Dictionary<string, (int Count, long Nanos)>();
        foreach (string campaign in ChaosService.Campaigns)
        {
            long billed = bills.Where(e => e.CampaignId == campaign).Sum(e => e.AmountNanos);
            int converted = conversions.Count(one => one.CampaignId == campaign);
            await Eventually.HoldsAsync(
                async () => await MissingAsync(store, nodes, campaign, billed, converted) is { } missing ? $"{missing}\n{await WhereAsync(broker, prefix, store)}" : null, limit);
            foreach (Adjustment one in await store.AdjustmentsAsync(LedgerAudit.Tenant, campaign, default))
            {
                (int count, long nanos) = causes.GetValueOrDefault(one.Cause);
                causes[one.Cause] = (count + 1, nanos + one.AmountNanos);
            }
        }

        Assert.Null(await LedgerAudit.LookAsync(store, ledger));
        return new AuditReport(bills.Count, conversions.Count, causes);
    }

    private static async Task<string?> MissingAsync(PostgresLedgerStore store, IReadOnlyList<ChaosNode> nodes, string campaign, long billed, int converted)
    {
        long settled = (await store.BudgetsAsync(LedgerAudit.Tenant, campaign, default)).Where(row => row.Scope == BudgetScope.Day).Sum(row => row.SettledNanos);
        if (settled != billed) return $"{campaign}: the log has bills of {billed}, {settled} is settled";
        int keepers = 0;
        foreach (ChaosNode node in nodes)
        {
            if (await node.TotalsAsync(campaign) is not { } totals) continue;
            keepers++;
            if (totals.Spent != billed / 1e9m) return $"{campaign}: the log has bills of {billed}, {node.Name} says {totals.Spent}";
            if (totals.Conversions != converted) return $"{campaign}: the log has {converted} conversions, {node.Name} says {totals.Conversions}";
        }

        return keepers == 1 ? null : $"{campaign} is kept by {keepers} nodes";
    }

    /// <summary>How far the ledger has come in the log: what tells an event that was passed over from one that was not read.</summary>
    private static async Task<string> WhereAsync(string broker, string prefix, PostgresLedgerStore store)
    {
        var config = new ConsumerConfig { BootstrapServers = broker, GroupId = "audit" };
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(config).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        IReadOnlyList<PartitionOffset> offsets = (await store.LoadAsync([0, 1, 2, 3], default)).Offsets;
        return string.Join('\n', offsets.Select(at =>
            $"{at}, ends at {consumer.QueryWatermarkOffsets(new TopicPartition(prefix + at.Topic, at.Partition), TimeSpan.FromSeconds(10)).High}"));
    }

    private static IEnumerable<EngineEvent> Parse(string broker, string prefix, string topic, CampaignNames names)
    {
        foreach (byte[] payload in Read(broker, prefix + topic))
        {
            Assert.True(EventReader.TryRead(topic, payload, names, out EngineEvent e, out string error), error);
            yield return e;
        }
    }

    private static List<byte[]> Read(string broker, string topic)
    {
        var config = new ConsumerConfig { BootstrapServers = broker, GroupId = "audit", EnableAutoCommit = false, EnablePartitionEof = true, AutoOffsetReset = AutoOffsetReset.Earliest };
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(config).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        using IAdminClient admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        int partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(20)).Topics.Single().Partitions.Count;
        consumer.Assign(Enumerable.Range(0, partitions).Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning)));
        var read = new List<byte[]>();
        for (int ended = 0; ended < partitions;)
        {
            ConsumeResult<byte[], byte[]> one = consumer.Consume(TimeSpan.FromSeconds(20)) ?? throw new InvalidOperationException($"{topic} is not read to its end");
            if (one.IsPartitionEOF) ended++;
            else read.Add(one.Message.Value);
        }

        return read;
    }
}

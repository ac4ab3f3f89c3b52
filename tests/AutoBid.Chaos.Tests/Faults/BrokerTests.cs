using System.Diagnostics;
using AutoBid.Chaos.Tests.Process;
using AutoBid.Streaming.Tests.Kafka;

namespace AutoBid.Chaos.Tests.Faults;

/// <summary>A real Kafka broker that dies and comes back under a service with load.</summary>
public sealed class BrokerTests
{
    [Fact]
    public async Task A_broker_that_is_killed_and_started_again_costs_no_event_and_no_restart()
    {
        ChaosLength.RequireLong("starts a broker twice and the service twice");
        using var broker = new KafkaBroker();
        broker.Start();
        await using ChaosService service = await ChaosService.StartAsync(null, "--kafka", broker.BootstrapServers);
        await using var exchange = new ChaosExchange(service.Address, ChaosService.Campaigns, seed: 5);
        for (int round = 0; round < 5; round++)
        {
            long refusedBefore = exchange.NoticesRefused;
            await exchange.LoadAsync(50);
            broker.Kill();
            await Eventually.HoldsAsync(() => Task.FromResult(exchange.NoticesRefused > refusedBefore), TimeSpan.FromSeconds(30), () => "no notice was refused");
            broker.Restart();
            long started = Stopwatch.GetTimestamp();
            await exchange.NextBidAsync(TimeSpan.FromSeconds(60));
            await Eventually.HoldsAsync(async () => (await service.ReadinessAsync()) is var (status, why) && status == System.Net.HttpStatusCode.OK ? null : $"{status} {why}", TimeSpan.FromSeconds(60));
            ChaosLength.Say($"broker back: ready and bidding after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s; {exchange.NoticesRefused - refusedBefore} notices refused");
            Assert.False(service.Process.HasExited, string.Join('\n', service.Process.Lines));
        }

        await exchange.SettleAsync(TimeSpan.FromSeconds(90));
        await Eventually.HoldsAsync(() => LedgerAudit.LookAsync(service.Data, exchange.Ledger), TimeSpan.FromSeconds(30));
        // The same broker, another process: what it reads again it knows.
        await service.KillAsync();
        await service.RestartAsync();
        await Eventually.HoldsAsync(() => LedgerAudit.LookAsync(service.Data, exchange.Ledger), TimeSpan.FromSeconds(30));
        ChaosLength.Say($"{exchange.Bids} bids, {exchange.Ledger.Bills.Count} bills, longest pause of bids {exchange.LongestPause.TotalSeconds:0.0} s");
    }
}

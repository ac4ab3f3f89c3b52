using System.Diagnostics;
using AutoBid.Chaos.Tests.Process;

namespace AutoBid.Chaos.Tests.Faults;

/// <summary>kill -9 of the real process under load.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task A_killed_service_has_counted_what_it_acknowledged_once_and_goes_on()
    {
        int kills = ChaosLength.Of(3, 20);
        int seed = Environment.TickCount;
        ChaosLength.Say($"seed {seed}");
        var random = new Random(seed);
        var recoveries = new List<TimeSpan>();
        await using ChaosService service = await ChaosService.StartAsync();
        await using var exchange = new ChaosExchange(service.Address, ChaosService.Campaigns, seed);
        await exchange.NextBidAsync(TimeSpan.FromSeconds(20));
        for (int kill = 0; kill < kills; kill++)
        {
            // At a random point of the load: nothing waits for it.
            await Task.Delay(random.Next(ChaosLength.Of(1500, 4000)));
            long started = Stopwatch.GetTimestamp();
            await service.KillAsync();
            await service.RestartAsync();
            await exchange.NextBidAsync(TimeSpan.FromSeconds(20));
            recoveries.Add(Stopwatch.GetElapsedTime(started));
            if (kill % 3 != 2) continue;
            await exchange.SettleAsync(TimeSpan.FromSeconds(30));
            await Eventually.HoldsAsync(() => LedgerAudit.LookAsync(service.Data, exchange.Ledger), TimeSpan.FromSeconds(20));
            exchange.Resume();
        }

        await exchange.SettleAsync(TimeSpan.FromSeconds(30));
        await Eventually.HoldsAsync(() => LedgerAudit.LookAsync(service.Data, exchange.Ledger), TimeSpan.FromSeconds(20));
        await service.KillAsync();
        AuditReport report = await LedgerAudit.EndAsync(service.Data, service.Began, exchange.Ledger);
        Assert.True(report.Bills > 100, "a run without load proves nothing");
        ChaosLength.Say(
            $"{kills} kills; kill to first bid {recoveries.Average(one => one.TotalSeconds):0.0} s, at most {recoveries.Max().TotalSeconds:0.0} s; "
            + $"longest pause of bids {exchange.LongestPause.TotalSeconds:0.0} s; {exchange.Bids} bids, {report}");
    }
}

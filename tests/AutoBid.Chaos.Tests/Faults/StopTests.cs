using AutoBid.Chaos.Tests.Process;

namespace AutoBid.Chaos.Tests.Faults;

/// <summary>SIGSTOP and SIGCONT: a process that was away and does not know it.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task A_service_that_was_stopped_for_a_while_bids_under_no_lease_that_has_expired()
    {
        // In the long run longer than a lease lives.
        TimeSpan[] pauses = ChaosLength.Of<TimeSpan[]>([TimeSpan.FromSeconds(3)], [TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(75)]);
        await using ChaosService service = await ChaosService.StartAsync();
        await using var exchange = new ChaosExchange(service.Address, ChaosService.Campaigns, seed: 7);
        foreach (TimeSpan pause in pauses)
        {
            await exchange.LoadAsync(100);
            service.Process.Stop();
            await Task.Delay(pause);
            service.Process.Wake();
            TimeSpan after = await exchange.NextBidAsync(TimeSpan.FromSeconds(20));
            ChaosLength.Say($"stopped for {pause.TotalSeconds:0} s, bids again {after.TotalSeconds:0.00} s after it woke");
        }

        await exchange.LoadAsync(100);
        await exchange.SettleAsync(TimeSpan.FromSeconds(60));
        await Eventually.HoldsAsync(() => LedgerAudit.LookAsync(service.Data, exchange.Ledger), TimeSpan.FromSeconds(20));
        await service.KillAsync();
        AuditReport report = await LedgerAudit.EndAsync(service.Data, service.Began, exchange.Ledger);
        ChaosLength.Say($"{exchange.Bids} bids, {report}");
        Assert.DoesNotContain("late-win", report.Causes.Keys);
    }
}

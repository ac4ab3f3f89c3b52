using System.Net;
using AutoBid.Chaos.Tests.Process;

namespace AutoBid.Chaos.Tests.Faults;

/// <summary>The disk with the log and the database has no room left, and gets some again.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task A_full_disk_refuses_notices_ends_bids_with_the_headroom_and_is_over_when_there_is_room()
    {
        using SmallDisk disk = SmallDisk.Mount();
        await using ChaosService service = await ChaosService.StartAsync(Directory.CreateDirectory(Path.Combine(disk.Path, "data")).FullName);
        await using var exchange = new ChaosExchange(service.Address, ChaosService.Campaigns, seed: 11);
        for (int round = 0; round < ChaosLength.Of(1, 3); round++)
        {
            await exchange.LoadAsync(50);
            long refusedBefore = exchange.NoticesRefused, bidsBefore = exchange.Bids;
            disk.Fill();
            await Eventually.HoldsAsync(() => Task.FromResult(exchange.NoticesRefused > refusedBefore), TimeSpan.FromSeconds(20), () => "no notice was refused");
            await Eventually.HoldsAsync(
                async () => await service.ReadinessAsync() is var (status, reason) && (status != HttpStatusCode.ServiceUnavailable || reason.Length == 0) ? $"ready: {status} {reason}" : null,
                TimeSpan.FromSeconds(20));
            string why = (await service.ReadinessAsync()).Reason;
            Assert.True(exchange.Bids > bidsBefore, "what was granted before may be bid with");

            // Bids go on from headroom and then end.
            long last = -1;
            await Eventually.HoldsAsync(
                async () =>
                {
                    long now = exchange.Bids;
                    bool ended = now == last;
                    last = now;
                    if (!ended) await Task.Delay(TimeSpan.FromSeconds(4));
                    return ended;
                },
                TimeSpan.FromSeconds(150), () => $"bids go on: {exchange.Bids}");
            Assert.False(service.Process.HasExited, $"the service ended: {string.Join('\n', service.Process.Lines)}");

            disk.MakeRoom();
            TimeSpan after = await exchange.NextBidAsync(TimeSpan.FromSeconds(30));
            await Eventually.HoldsAsync(async () => (await service.ReadinessAsync()).Status == HttpStatusCode.OK ? null : "not ready", TimeSpan.FromSeconds(20));
            ChaosLength.Say($"'{why}'; {exchange.NoticesRefused - refusedBefore} notices refused; {last - bidsBefore} bids from headroom; bids again {after.TotalSeconds:0.0} s after there was room");
        }

        await exchange.SettleAsync(TimeSpan.FromSeconds(60));
        await Eventually.HoldsAsync(() => LedgerAudit.LookAsync(service.Data, exchange.Ledger), TimeSpan.FromSeconds(20));
        await service.KillAsync();
        ChaosLength.Say($"{await LedgerAudit.EndAsync(service.Data, service.Began, exchange.Ledger)}");
    }
}

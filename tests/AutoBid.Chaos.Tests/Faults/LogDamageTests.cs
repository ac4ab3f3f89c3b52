using AutoBid.Chaos.Tests.Process;

namespace AutoBid.Chaos.Tests.Faults;

/// <summary>The embedded log after a kill: a torn end is cut and said, damage in what the ledger has not yet is refused, and never is there silence.</summary>
public sealed class LogDamageTests
{
    private static readonly byte[] Magic = [0xFF, (byte)'A', (byte)'B', (byte)'R'];

    [Fact]
    public async Task What_is_damaged_is_said_and_what_could_be_lost_is_refused()
    {
        await using ChaosService service = await LoadedAsync();
        string segment = Segment(service);

        // A torn end: cut off, and the service goes on.
        await using (FileStream file = File.OpenWrite(segment)) file.SetLength(file.Length - 7);
        await service.RestartAsync();
        Assert.True(service.Process.HasSaid("cut off"), string.Join('\n', service.Process.Lines));
        await BidsAsync(service);
        await service.KillAsync();

        // A flipped bit in the last record is a torn end too.
        Flip(segment, bytes => bytes.LastIndexOf(Magic) + 40);
        await service.RestartAsync();
        Assert.True(service.Process.HasSaid("cut off"), string.Join('\n', service.Process.Lines));
        decimal spent = (await service.TotalsAsync("rich")).Spent;
        await service.KillAsync();

        // In the middle, in what the ledger has: it costs nothing.
        Flip(segment, bytes => bytes.IndexOf("\"kind\":\"bill\""u8));
        await service.RestartAsync();
        Assert.True(service.Process.HasSaid("damaged bytes"), string.Join('\n', service.Process.Lines));
        Assert.Equal(spent, (await service.TotalsAsync("rich")).Spent);
        await service.KillAsync();

        // The ledger is gone with its disk: now the damage lies in what is yet to be read.
        foreach (string file in Directory.EnumerateFiles(service.Data, "autobid.db*")) File.Delete(file);
        await using (ServeProcess refusing = ServeProcess.Launch(service.Port, service.Data))
        {
            await refusing.EndAsync(TimeSpan.FromSeconds(30));
            Assert.NotEqual(0, refusing.ExitCode);
            Assert.True(refusing.HasSaid("--accept-log-damage"), string.Join('\n', refusing.Lines));
        }

        await using ServeProcess accepting = await ServeProcess.StartAsync(service.Port, service.Data, "--accept-log-damage");
        Assert.True(accepting.HasSaid("damaged bytes"), string.Join('\n', accepting.Lines));
    }

    private static async Task<ChaosService> LoadedAsync()
    {
        ChaosService service = await ChaosService.StartAsync();
        await using (var exchange = new ChaosExchange(service.Address, ChaosService.Campaigns, seed: 3))
        {
            await exchange.LoadAsync(20);
            await exchange.SettleAsync(TimeSpan.FromSeconds(30));
        }

        // Two ticks publish behind the last event: what is torn below is none that the ledger has, as it never is when a process dies while writing.
        for (int tick = 0; tick < 2; tick++)
        {
            long length = new FileInfo(Segment(service)).Length;
            await Eventually.HoldsAsync(() => Task.FromResult(new FileInfo(Segment(service)).Length > length), TimeSpan.FromSeconds(20), () => "no decision was published");
        }

        await service.KillAsync();
        return service;
    }

    private static async Task BidsAsync(ChaosService service)
    {
        await using var exchange = new ChaosExchange(service.Address, ChaosService.Campaigns, seed: 4, run: "again");
        await exchange.NextBidAsync(TimeSpan.FromSeconds(20));
    }

    private static string Segment(ChaosService service) => Directory.EnumerateFiles(Path.Combine(service.Data, "log"), "*.log").Order(StringComparer.Ordinal).Last();

    private delegate int Where(ReadOnlySpan<byte> bytes);

    private static void Flip(string segment, Where where)
    {
        byte[] bytes = File.ReadAllBytes(segment);
        int at = where(bytes);
        Assert.True(at > 0 && at < bytes.Length);
        bytes[at] ^= 1;
        File.WriteAllBytes(segment, bytes);
    }
}

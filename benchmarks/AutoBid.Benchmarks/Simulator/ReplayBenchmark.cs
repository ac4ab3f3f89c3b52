using System.Diagnostics;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Replay;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Benchmarks.Simulator;

/// <summary>Writes the log of a fifth of a day (4.8 M rows) to a temporary file and replays it, plain CSV, MPC on every key.</summary>
internal sealed class ReplayBenchmark(SimulatorBenchmarkOptions options)
{
    private const int Rounds = 5;

    /// <summary>Median over rounds, 10^6 bytes a second.</summary>
    public double MegabytesPerSecond(out double gigabytes)
    {
        string path = Path.Combine(Path.GetTempPath(), $"autobid-replay-{Environment.ProcessId}.csv");
        try
        {
            WriteLog(path);
            double bytes = new FileInfo(path).Length;
            gigabytes = bytes / 1e9;
            return SimulatorBenchmark.Median([.. Enumerable.Range(0, Rounds).Select(_ => bytes / 1e6 / Seconds(path))]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void WriteLog(string path)
    {
        var setup = new PeriodSetup
        {
            Seed = 1,
            Period = 0,
            LineUp = new LineUpFactory(1, null).Uniform(0, "truthful", new ConstantPolicy(1, "truthful"), AuctionNetSeats.Scaled(0.2)),
            Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 100_000 },
        };
        using var writer = new AuctionLogWriter(path);
        new AuctionNetPeriod(2).Play(setup, writer);
        writer.Complete();
    }

    private double Seconds(string path)
    {
        long started = Stopwatch.GetTimestamp();
        var replay = new LogReplay(new ReplayOptions { Policies = [new MpcPolicy()], Prior = PriorFile.Load(options.Prior).ToPrior(), Threads = 2 });
        using (var log = new AuctionLogReader(path)) replay.Read(log);
        replay.Finish();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}

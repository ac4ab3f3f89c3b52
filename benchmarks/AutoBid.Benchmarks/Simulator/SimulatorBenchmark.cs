using System.Diagnostics;
using System.Globalization;
using AutoBid.Core.Guarding;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Benchmarks.Simulator;

/// <summary>
/// <c>autobid bench simulator</c>: whole periods, timed in rounds that take every variant once, so that a disturbance of the machine meets them all.
/// Medians over rounds; ratios are medians of the rounds' ratios.
/// </summary>
internal sealed class SimulatorBenchmark(SimulatorBenchmarkOptions options)
{
    private const double OpportunityAdvertisers = 500_000.0 * AuctionNetSeats.Count;

    private readonly LineUp _lineUp = FieldOf(PriorFile.Load(options.Prior).ToPrior());
    private readonly AuctionNetPeriod _one = new(1);
    private readonly AuctionNetPeriod _two = new(2);
    private int _period;

    public void Run()
    {
        Play(_one);
        Play(_two);
        int rounds = options.Rounds;
        double[] one = new double[rounds], two = new double[rounds], curves = new double[rounds];
        for (int i = 0; i < rounds; i++)
        {
            one[i] = Play(_one);
            two[i] = Play(_two);
            curves[i] = Play(_two, new FrozenRivals());
        }

        long peak = Process.GetCurrentProcess().PeakWorkingSet64;
        var candidates = Candidates(rounds);
        double csv = new ReplayBenchmark(options).MegabytesPerSecond(out double gigabytes);
        (double cycles, double bandwidth) = MachineFloor.Measure();
        MachineFloor floor = new(cycles, bandwidth, OpportunityAdvertisers);
        double speedUp = Median([.. one.Zip(two, (a, b) => a / b)]);
        Write(one, two, curves, speedUp, peak, candidates, csv, gigabytes, floor);
    }

    // The line-up of the figure: feedback and predictive seats in turn.
    private static LineUp FieldOf(Core.Response.PopulationPrior prior)
    {
        IBidPolicy pid = new PidPolicy(), mpc = new MpcPolicy();
        return new LineUp(0, "pid and mpc in turn",
        [
            .. AuctionNetSeats.All.Select((seat, i) => new SeatAgent { Seat = seat, Policy = i % 2 == 0 ? pid : mpc, Prior = prior, FollowsExecuted = i % 2 == 0 }),
        ]);
    }

    private double Play(AuctionNetPeriod player, params IPeriodObserver[] observers)
    {
        var setup = new PeriodSetup { Seed = 1, Period = _period++ % 8, LineUp = _lineUp };
        long started = Stopwatch.GetTimestamp();
        player.Play(setup, observers);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    // A further candidate's price: the period with 48 x k candidates less the same period without, over their number.
    private List<(string Name, double Milliseconds)> Candidates(int rounds)
    {
        var result = new List<(string, double)>();
        foreach (IBidPolicy policy in (IBidPolicy[])[new ConstantPolicy(1, "constant"), new PidPolicy(), new MpcPolicy()])
        {
            FrozenEntry[] entries =
            [
                .. from factor in (double[])[0.5, 1, 1.5]
                   from seat in Enumerable.Range(0, AuctionNetSeats.Count)
                   select new FrozenEntry(seat, _lineUp.Agents[seat] with { Policy = policy, Seat = AuctionNetSeats.Scaled(factor)[seat] }),
            ];
            var replay = new FrozenReplay(entries, new GuardOptions());
            double[] more = new double[rounds];
            Play(_one, replay);
            for (int i = 0; i < rounds; i++)
            {
                int period = _period;
                double with = Play(_one, replay);
                _period = period;
                more[i] = (with - Play(_one)) / entries.Length;
            }

            result.Add((policy.Name, Median(more)));
        }

        return result;
    }

    private void Write(double[] one, double[] two, double[] curves, double speedUp, long peak, List<(string Name, double Milliseconds)> candidates, double csv, double gigabytes, MachineFloor floor)
    {
        string F(FormattableString text) => FormattableString.Invariant(text);
        string Row(string what, double[] times) => F($"| {what} | {Median(times):0} | {times.Min():0} to {times.Max():0} | {OpportunityAdvertisers / Median(times) / 1000:0.0} |");
        string Target(bool reached) => reached ? "reached" : "MISSED";
        double worst = candidates.Max(c => c.Milliseconds);
        File.WriteAllText(options.Out, string.Join('\n',
        [
            "# The simulator's speed", "", "Command: `./autobid bench simulator`", "", options.Machine,
            F($"- one `auctionnet` period: 500,000 opportunities x 48 advertisers, over-cost re-runs, {_lineUp.Name}; {one.Length} rounds that take every variant once"), "",
            "| period | median ms | range | million opportunity-advertisers a second |", "|---|---|---|---|",
            Row("one thread", one), Row("two threads", two), Row("two threads, with the frozen-rival curves of all 48 seats", curves), "",
            F($"Two threads against one, round by round: median {speedUp:0.00}x. Peak memory of the process with both: {peak / 1048576.0:0} MiB."), "",
            "| one further candidate on frozen rivals, one thread | ms a seat and period |", "|---|---|",
            .. candidates.Select(c => F($"| {c.Name} | {c.Milliseconds:0.00} |")), "",
            F($"Replay of a CSV log ({gigabytes:0.00} GB, plain, MPC on every key): {csv:0} MB/s."), "",
            "## How far from the floor", "", .. floor.Lines(Median(one)), "",
            "## Targets", "",
            F($"- a period in at most 400 ms on two cores: {Median(two):0} ms, {Target(Median(two) <= 400)}; 60 M opportunity-advertisers a second: {OpportunityAdvertisers / Median(two) / 1000:0}, {Target(OpportunityAdvertisers / Median(two) / 1000 >= 60)} (the reference as published: 0.6 to 1.8)"),
            F($"- a further candidate in at most 20 ms a seat and period: {worst:0.0} ms, {Target(worst <= 20)}"),
            F($"- memory at most 400 MB: {peak / 1e6:0} MB, {Target(peak <= 400e6)}"),
            F($"- CSV replay at least 150 MB/s: {csv:0}, {Target(csv >= 150)}"),
            F($"- one to two threads at least 1.7x: {speedUp:0.00}, {Target(speedUp >= 1.7)}"), "",
        ]));
        Console.WriteLine(File.ReadAllText(options.Out));
    }

    internal static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : 0.5 * (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]);
    }
}

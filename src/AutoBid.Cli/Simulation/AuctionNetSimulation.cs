using System.Diagnostics;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Oracles;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Replay;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Simulation;

/// <summary>Plays periods of a line-up and scores its seats by policy.</summary>
/// <param name="policies">Finds the policies that a line-up names.</param>
internal sealed class AuctionNetSimulation(SimulationOptions options, PolicyResolver policies)
{
    /// <param name="played">Called after each period with the number played.</param>
    public SimulationReport Play(Action<int> played, CancellationToken cancellation)
    {
        LineUp lineUp = LineUps.Parse(options.LineUp, new LineUpFactory(options.Seed, options.Prior), policies, AuctionNetSeats.Scaled(options.BudgetFactor), options.Mode);
        if (options.Policy is { } policy) lineUp = LineUpFactory.Replace(lineUp, options.Seats, policy);
        var tables = new SortedDictionary<string, ScoreTable>(StringComparer.Ordinal);
        var period = new AuctionNetPeriod(options.Threads);
        FrozenRivals? rivals = options.Oracle ? new FrozenRivals() : null;
        (MarginalPriceOracle MarginalPrice, LeastWinningCostOracle LeastWinningCost)? bounds = options.Bounds ? (new MarginalPriceOracle(), new LeastWinningCostOracle()) : null;
        var oracles = new OracleTable();
        using AuctionLogWriter? log = options.LogFile is { } file ? new AuctionLogWriter(file) : null;
        IPeriodObserver[] observers = [.. new IPeriodObserver?[] { rivals, bounds?.MarginalPrice, bounds?.LeastWinningCost, log }.OfType<IPeriodObserver>()];
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < options.Periods; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var setup = new PeriodSetup { Seed = options.Seed, Period = i, LineUp = lineUp, Traffic = options.Preset.Traffic, Rules = options.Preset.Rules };
            PeriodResult result = period.Play(setup, observers);
            for (int seat = 0; seat < result.Seats; seat++)
            {
                string name = lineUp.Agents[seat].Policy.Name;
                if (!tables.TryGetValue(name, out ScoreTable? table)) tables[name] = table = new ScoreTable();
                table.Add(result, rivals, seat);
            }

            if (bounds is { } both && rivals is not null) oracles.Add(result, rivals, both.MarginalPrice, both.LeastWinningCost);
            played(i + 1);
        }

        log?.Complete();
        return new SimulationReport(
            options.Seed, options.Preset.Name, lineUp.Name, options.Mode.ToString(), options.Periods, options.Preset.Traffic.OpportunitiesPerPeriod, options.BudgetFactor, options.Prior is not null,
            Stopwatch.GetElapsedTime(started).TotalSeconds / options.Periods, [.. tables.Select(pair => ScoreOf(pair.Key, pair.Value))],
            bounds is null ? null : oracles.Sums(options.Mode));
    }

    private PolicyScore ScoreOf(string name, ScoreTable table) => new(
        name, table.Keys.Count / options.Periods, table.MeanExpected, table.MeanRealised, options.Oracle ? table.ShareOfOracle : null, table.CpaValidity, table.SpentShare,
        options.Oracle ? table.ShareByPeriod() : []);
}

using System.Diagnostics;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Replay;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Simulation;

/// <summary>Plays periods of a line-up and scores its seats by policy.</summary>
internal sealed class AuctionNetSimulation(SimulationOptions options)
{
    /// <param name="played">Called after each period with the number played.</param>
    public SimulationReport Play(Action<int> played, CancellationToken cancellation)
    {
        LineUp lineUp = new LineUpFactory(options.Seed, options.Prior).Opponents(options.LineUp, AuctionNetSeats.Scaled(options.BudgetFactor), options.Mode);
        if (options.Policy is { } policy) lineUp = LineUpFactory.Replace(lineUp, options.Seats, policy);
        var tables = new SortedDictionary<string, ScoreTable>(StringComparer.Ordinal);
        var period = new AuctionNetPeriod();
        FrozenRivals? rivals = options.Oracle ? new FrozenRivals() : null;
        using AuctionLogWriter? log = options.LogFile is { } file ? new AuctionLogWriter(file) : null;
        IPeriodObserver[] observers = [.. new IPeriodObserver?[] { rivals, log }.OfType<IPeriodObserver>()];
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < options.Periods; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var setup = new PeriodSetup { Seed = options.Seed, Period = i, LineUp = lineUp, Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = options.Opportunities } };
            PeriodResult result = period.Play(setup, observers);
            for (int seat = 0; seat < result.Seats; seat++)
            {
                string name = lineUp.Agents[seat].Policy.Name;
                if (!tables.TryGetValue(name, out ScoreTable? table)) tables[name] = table = new ScoreTable();
                table.Add(result, rivals, seat);
            }

            played(i + 1);
        }

        log?.Complete();
        return new SimulationReport(
            options.Seed, lineUp.Name, options.Mode.ToString(), options.Periods, options.Opportunities, options.BudgetFactor, options.Prior is not null,
            Stopwatch.GetElapsedTime(started).TotalSeconds / options.Periods, [.. tables.Select(pair => ScoreOf(pair.Key, pair.Value))]);
    }

    private PolicyScore ScoreOf(string name, ScoreTable table) => new(
        name, table.Keys.Count / options.Periods, table.MeanExpected, table.MeanRealised, options.Oracle ? table.ShareOfOracle : null, table.CpaValidity, table.SpentShare,
        options.Oracle ? table.ShareByPeriod() : []);
}

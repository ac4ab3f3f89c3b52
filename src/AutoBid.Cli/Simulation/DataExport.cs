using AutoBid.Core.Features;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Simulation;

/// <summary>Makes the population prior from earlier days, then plays and writes the training set that uses it.</summary>
internal sealed class DataExport(DataExportOptions options)
{
    private const string PriorName = "auctionnet";

    private readonly int _rest = Math.Max(1, options.Periods / 10);

    /// <summary>Days that will be played, those of the prior included.</summary>
    public int TotalPeriods => options.Periods + 2 * _rest + (options.PriorFile is null ? options.PriorPeriods : 0);

    private TrafficOptions Traffic => TrafficOptions.FinalRound with { OpportunitiesPerPeriod = options.Opportunities };

    /// <param name="played">Called with the number of days played.</param>
    /// <exception cref="CommandException">The prior cannot be used.</exception>
    public DataExportReport Run(Action<int> played, CancellationToken cancellation)
    {
        PriorFile prior = options.PriorFile is { } path ? LoadPrior(path) : MakePrior(played, cancellation);
        var plan = new TrainingPlan
        {
            Seed = options.Seed,
            TrainPeriods = options.Periods,
            ValidationPeriods = _rest,
            TestPeriods = _rest,
            TrainLineUps = options.LineUps,
            Traffic = Traffic,
        };
        int before = options.PriorFile is null ? options.PriorPeriods : 0;
        IReadOnlyList<PlannedPeriod> periods = plan.Periods(new LineUpFactory(options.Seed, prior.ToPrior()), before);
        ExportResult result = new TrajectoryExport(new ScaleFreeFeatures()).Write(
            options.Folder, periods, prior.Sha256, new Synchronous(done => played(before + done)), cancellation);
        return new DataExportReport(Path.GetFullPath(options.Folder), result.Periods, result.Keys, result.Shards.Count, result.Sha256, prior.Sha256, result.MeanEfficiency);
    }

    private static PriorFile LoadPrior(string path)
    {
        try
        {
            return PriorFile.Load(path);
        }
        catch (PriorFileException e)
        {
            throw new CommandException($"--prior: {e.Message}", e, CommandException.Usage);
        }
    }

    private PriorFile MakePrior(Action<int> played, CancellationToken cancellation)
    {
        var factory = new LineUpFactory(options.Seed, prior: null);
        var builder = new PriorBuilder();
        var player = new AuctionNetPeriod();
        for (int period = 0; period < options.PriorPeriods; period++)
        {
            cancellation.ThrowIfCancellationRequested();
            LineUp lineUp = factory.Opponents(period % options.LineUps, AuctionNetSeats.All);
            player.Play(new PeriodSetup { Seed = options.Seed, Period = period, LineUp = lineUp, Traffic = Traffic }, builder);
            played(period + 1);
        }

        return builder.Build(PriorName, version: 1).Save(Path.Combine(options.Folder, "prior.json"));
    }

    // Progress<T> would report from other threads, later and out of order.
    private sealed class Synchronous(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}

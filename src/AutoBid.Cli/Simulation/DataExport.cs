using AutoBid.Core.Features;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Threads;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Simulation;

/// <summary>
/// Makes the population prior from earlier days, then plays and writes the training set that uses it. Where an earlier run of the same command was
/// interrupted, this one goes on.
/// </summary>
internal sealed class DataExport(DataExportOptions options)
{
    private const string PriorName = "auctionnet";

    private readonly int _rest = Math.Max(1, options.Periods / 10);
    private readonly int _before = options.PriorFile is null ? options.PriorPeriods : 0;

    /// <summary>Days that will be played, those of the prior included.</summary>
    public int TotalPeriods => options.Periods + 2 * _rest + _before;

    private TrafficOptions Traffic => TrafficOptions.FinalRound with { OpportunitiesPerPeriod = options.Opportunities };

    private string OwnPrior => Path.Combine(options.Folder, "prior.json");

    /// <param name="played">Called with the number of days played or kept.</param>
    /// <exception cref="CommandException">The prior cannot be used, or the folder holds something else.</exception>
    public DataExportReport Run(Action<int> played, CancellationToken cancellation)
    {
        try
        {
            return Export(played, cancellation);
        }
        catch (ExportException e)
        {
            throw new CommandException(e.IsOtherExport ? $"{e.Message}; name another folder, or replace it with --fresh" : e.Message, e);
        }
    }

    private DataExportReport Export(Action<int> played, CancellationToken cancellation)
    {
        // A CSV that cannot be written is better known before the days are played than after.
        if (options.Csv is { } file) Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        if (options.Fresh) TrajectoryExport.Remove(options.Folder);
        PriorFile prior = Prior(played, cancellation);
        var plan = new TrainingPlan
        {
            Seed = options.Seed,
            TrainPeriods = options.Periods,
            ValidationPeriods = _rest,
            TestPeriods = _rest,
            TrainLineUps = options.LineUps,
            Traffic = Traffic,
            Mix = options.Perturbed is { } share ? new TrainingMix { PerturbedShare = share } : new TrainingMix(),
        };
        IReadOnlyList<PlannedPeriod> periods = plan.Periods(new LineUpFactory(options.Seed, prior.ToPrior()), _before);
        var export = new TrajectoryExport(new ScaleFreeFeatures(options.Features)) { Threads = options.Threads, Mix = plan.Mix };
        ExportResult result = export.Write(options.Folder, periods, prior.Sha256, new Synchronous(done => played(_before + done)), cancellation);
        long rows = options.Csv is null ? 0 : TrajectoryCsv.Write(options.Folder, options.Csv, options.CsvSplit, cancellation);
        return new DataExportReport(
            Path.GetFullPath(options.Folder), result.Periods, result.Kept, result.Keys, result.Shards.Count, result.Sha256, prior.Sha256, result.MeanEfficiency, rows);
    }

    // The prior is part of the plan and written before it: a folder with a plan has the prior that was made for it.
    private PriorFile Prior(Action<int> played, CancellationToken cancellation)
    {
        bool begun = TrajectoryExport.IsBegun(options.Folder);
        if (options.PriorFile is { } path) return LoadPrior(path, "--prior: ");
        if (!begun) return MakePrior(played, cancellation);
        if (!File.Exists(OwnPrior))
            throw new ExportException($"{options.Folder} holds an export that has no prior of its own (prior.json is missing): repeat its --prior") { IsOtherExport = true };
        played(_before);
        return LoadPrior(OwnPrior, "");
    }

    private static PriorFile LoadPrior(string path, string source)
    {
        try
        {
            return PriorFile.Load(path);
        }
        catch (PriorFileException e)
        {
            throw new CommandException($"{source}{e.Message}", e, CommandException.Usage);
        }
    }

    private PriorFile MakePrior(Action<int> played, CancellationToken cancellation)
    {
        var factory = new LineUpFactory(options.Seed, prior: null);
        var builder = new PriorBuilder();
        var player = new AuctionNetPeriod(Math.Min(options.Threads, Crew.MostThreads));
        for (int period = 0; period < options.PriorPeriods; period++)
        {
            cancellation.ThrowIfCancellationRequested();
            LineUp lineUp = factory.Opponents(period % options.LineUps, AuctionNetSeats.All);
            player.Play(new PeriodSetup { Seed = options.Seed, Period = period, LineUp = lineUp, Traffic = Traffic }, builder);
            played(period + 1);
        }

        return builder.Build(PriorName, version: 1).Save(OwnPrior);
    }

    // Progress<T> would report from other threads, later and out of order.
    private sealed class Synchronous(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}

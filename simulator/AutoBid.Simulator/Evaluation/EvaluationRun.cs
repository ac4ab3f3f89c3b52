using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Evaluation;

/// <summary>Plays what an evaluation's folder still lacks, period by period, and hands out the results of all.</summary>
public sealed class EvaluationRun(EvaluationMarket market, EvaluationFolder folder, int threads = 1)
{
    private double _done;

    // Frozen first: it leaves S* for the other path.
    private IEnumerable<EvaluationPath> Paths => market.Plan.Paths.Order();

    /// <summary>What the missing periods take, in days without candidates.</summary>
    public double WorkLeft()
    {
        var player = new PeriodPlayer(market, threads: 1, static _ => throw new InvalidOperationException("Nothing is played here."));
        return Enumerable.Range(0, market.Plan.Periods).Sum(index => Paths.Where(path => !folder.Has(index, path)).Sum(path => player.WorkOf(path, OraclesKnown(index))));
    }

    /// <summary>Plays and keeps the missing periods. Interrupted, it leaves those that are finished.</summary>
    /// <param name="progress">Called with the work done and the whole work of this run, in days without candidates.</param>
    /// <returns>Outcomes by path, in order of the periods, read back from the folder: a resumed run cannot differ from an uninterrupted one.</returns>
    /// <exception cref="EvaluationFolderException">A file in the folder cannot be read.</exception>
    public IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> Play(Action<double, double>? progress = null, CancellationToken cancel = default)
    {
        EvaluationPlan plan = market.Plan;
        double total = WorkLeft();
        _done = 0;
        var player = new PeriodPlayer(market, threads, work => new Watch(work, share =>
        {
            cancel.ThrowIfCancellationRequested();
            _done += share;
            progress?.Invoke(_done, total);
        }));
        for (int index = 0; index < plan.Periods; index++)
        {
            foreach (EvaluationPath path in Paths)
            {
                if (folder.Has(index, path)) continue;
                cancel.ThrowIfCancellationRequested();
                folder.Keep(index, path == EvaluationPath.Frozen ? player.Frozen(index) : player.Full(index, folder.Find(index, EvaluationPath.Frozen)));
            }
        }

        return Paths.ToDictionary(path => path, path => (IReadOnlyList<PeriodOutcome>)[.. Enumerable.Range(0, plan.Periods).Select(index => folder.Find(index, path)!)]);
    }

    private bool OraclesKnown(int index) => market.Plan.Paths.Contains(EvaluationPath.Frozen) || folder.Has(index, EvaluationPath.Frozen);

    private sealed class Watch(double work, Action<double> passed) : IPeriodObserver
    {
        public void OnStarted(PeriodSetup setup)
        {
        }

        public void OnDecided(PeriodStep step)
        {
        }

        public void OnPlayed(PeriodStep step) => passed(work / Core.Time.StepClock.StepsPerDay);

        public void OnFinished(PeriodResult result)
        {
        }
    }
}

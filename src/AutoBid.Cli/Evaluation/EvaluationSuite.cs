using AutoBid.Cli.Simulation;
using AutoBid.Simulator.Evaluation.Settings;
using AutoBid.Simulator.Reports;

namespace AutoBid.Cli.Evaluation;

/// <summary>Evaluations that differ in their settings, one after the other, each in its own folder: what is finished stays.</summary>
internal sealed class EvaluationSuite
{
    private readonly string _folder;
    private readonly PolicyEvaluation[] _evaluations;

    /// <param name="folder">Where the comparison goes.</param>
    /// <exception cref="CommandException">A name, a file or a folder cannot be used.</exception>
    public EvaluationSuite(string folder, IReadOnlyList<EvaluationOptions> evaluations, PolicyResolver policies)
    {
        _folder = folder;
        _evaluations = [.. evaluations.Select(options => new PolicyEvaluation(options, policies))];
    }

    /// <summary>Periods and paths that are in the folders, of all.</summary>
    public (int Finished, int All) Progress
    {
        get
        {
            (int Finished, int All)[] each = [.. _evaluations.Select(evaluation => evaluation.Progress)];
            return (each.Sum(e => e.Finished), each.Sum(e => e.All));
        }
    }

    /// <summary>Plays and keeps what is missing, and writes each evaluation's report as it is finished.</summary>
    /// <param name="progress">Called with the evaluations done and their number.</param>
    /// <exception cref="CommandException">A file of a folder cannot be read.</exception>
    public IReadOnlyList<SettingResult> Run(Action<double, double> progress, CancellationToken cancellation)
    {
        var results = new SettingResult[_evaluations.Length];
        for (int i = 0; i < results.Length; i++)
        {
            int before = i;
            results[i] = _evaluations[i].Run((done, total) => progress(before + done / total, results.Length), cancellation);
            _evaluations[i].Write(results[i].Report);
        }

        return results;
    }

    /// <returns>The comparison and its file's path.</returns>
    public (SettingComparison Comparison, string File) Compare(IReadOnlyList<SettingResult> results)
    {
        SettingComparison comparison = SettingComparison.Of(results);
        return (comparison, EvaluationFiles.Write(_folder, comparison));
    }
}

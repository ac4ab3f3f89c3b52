using System.Diagnostics;
using System.Globalization;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Ensemble;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Priors;

namespace AutoBid.Benchmarks.Policies;

/// <summary>
/// <c>autobid bench policy</c>: what a decision costs on one thread, for every live model and MPC beside them, through the policies that serve. Variants take
/// turns in short slices, so that a disturbance of the machine meets them all.
/// </summary>
internal sealed class PolicyBenchmark(PolicyBenchmarkOptions options)
{
    private const double TargetMs = 0.4;
    private const int Slices = 20;

    private static readonly int[] Batches = [1, 8, 48, 512];

    private readonly Stopwatch _inference = new();

    /// <exception cref="InvalidOperationException">No model may serve.</exception>
    public void Run()
    {
        using var metrics = new PolicyMetrics();
        // A model that misses its deadline is measured all the same: that is what the benchmark is for.
        using var registry = new ModelRegistry(options.Models, new ModelRegistryOptions { DeadlineMs = double.MaxValue }, metrics, TimeProvider.System, (model, _) => new TimedSession(OnnxSession.Open(model), _inference));
        registry.Reload();
        if (registry.Live.IsEmpty)
            throw new InvalidOperationException($"{options.Models}: no model may serve ({string.Join("; ", registry.Refusals.Select(refusal => $"{refusal.Name}/{refusal.Version}: {refusal.Message}"))})");
        var campaigns = new MiddayCampaigns(Batches[^1], PriorFile.Load(options.Prior).ToPrior());
        var others = new MiddayCampaigns(Batches[^1], PriorFile.Load(options.Prior).ToPrior(), seed: 7);
        string before = File.ReadAllText("/proc/loadavg").Trim();
        var series = new List<PolicySeries>();
        var ensemble = new EnsemblePolicy(registry);
        // Without its members it would be MPC once more.
        foreach (IBidPolicy policy in (IBidPolicy[])[.. registry.Live.Select(live => live.Policy), .. ensemble.Members.Count > 0 ? [ensemble] : Array.Empty<IBidPolicy>()])
        {
            // A call with 512 plans, or 512 times 16 futures, takes seconds: the rest would wait for it.
            foreach (int batch in policy is OnnxDecisionTransformerPolicy ? Batches : Batches[..^1])
            {
                series.Add(new PolicySeries(policy, campaigns.Inputs.AsMemory(0, batch), false, _inference, true, campaigns.StepBefore.AsMemory(0, batch)));
                // What is kept of the campaigns is then of another past: every row is made, and kept.
                series.Add(new PolicySeries(policy, campaigns.Inputs.AsMemory(0, batch), false, _inference, false, others.Inputs.AsMemory(0, batch)));
            }

            series.Add(new PolicySeries(policy, campaigns.Inputs.AsMemory(0, 1), true, _inference, true, campaigns.StepBefore.AsMemory(0, 1)));
        }

        foreach (int batch in Batches) series.Add(new PolicySeries(new MpcPolicy(), campaigns.Inputs.AsMemory(0, batch), false, null));
        foreach (PolicySeries one in series) one.Play(TimeSpan.FromSeconds(0.5), keep: false);
        for (int slice = 0; slice < Slices; slice++)
        {
            foreach (PolicySeries one in series) one.Play(TimeSpan.FromSeconds(options.Seconds / Slices), keep: true);
        }

        Write([.. series.Select(one => one.Timing())], before, File.ReadAllText("/proc/loadavg").Trim());
    }

    private void Write(PolicyTiming[] timings, string before, string after)
    {
        PolicyTiming[] students = [.. timings.Where(t => t is { Batch: 1, Deterministic: false, Seen: false })];
        File.WriteAllText(options.Out, string.Join('\n',
        [
            "# What a decision costs", "", "Command: `./autobid bench policy`", "", options.Machine,
            $"- load average before {before}, after {after}",
            "- one thread; campaigns at step 24 with full windows, curves, prior and the running step known; \"inference\" is the graph's run, \"features\" all else: forecasts, features, copies, the answer",
            "- window seen: the campaigns were decided a step before, as at every step of a day; unseen: never, as after a start (feature rows are kept, docs/inference.md)", "",
            "| model | batch | window | calls | call, p10 ms | median ms | p99 ms | a decision, median us | features us | inference us | bytes a call |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
            .. timings.Select(Row), "",
            "p10 beside median and p99 shows how much else ran on the machine. A batch of a live service runs in chunks of at most 5 ms. The row \"1, no deadline\" is how simulation, replay and a virtual clock call.", "",
            "## Card and target", "", "Of windows never seen: the dearer case.", "",
            .. students.Select(t => string.Create(CultureInfo.InvariantCulture, $"- {t.Model}: `p99Ms.cpu1` {PolicyTiming.Quantile(t.Calls, 0.99):0.000} ms; one decision in at most {TargetMs} ms (median): {PolicyTiming.Quantile(t.Calls, 0.5):0.000} ms, {(PolicyTiming.Quantile(t.Calls, 0.5) <= TargetMs ? "reached" : "MISSED")}")),
            "",
        ]));
        Console.WriteLine(File.ReadAllText(options.Out));
    }

    private static string Row(PolicyTiming t)
    {
        double median = PolicyTiming.Quantile(t.Calls, 0.5), p99 = PolicyTiming.Quantile(t.Calls, 0.99);
        string Each(double[]? values) => values is null ? "-" : (1000 * PolicyTiming.Quantile(values, 0.5) / t.Batch).ToString("0.0", CultureInfo.InvariantCulture);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {t.Model} | {t.Batch}{(t.Deterministic ? ", no deadline" : "")} | {t.Seen switch { true => "seen", false => "unseen", _ => "-" }} | {t.Calls.Length} | {PolicyTiming.Quantile(t.Calls, 0.1):0.000} | {median:0.000} | {p99:0.000} | {1000 * median / t.Batch:0.0} | {Each(t.Rest)} | {Each(t.Inference)} | {t.BytesPerCall:0} |");
    }
}

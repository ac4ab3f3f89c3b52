using System.Diagnostics;
using AutoBid.Policies.Contracts;

namespace AutoBid.Benchmarks.Policies;

/// <summary>Calls of one policy with one batch, a slice at a time.</summary>
/// <param name="deterministic">Without deadline.</param>
/// <param name="inference">Runs while the policy's graph does; null: it has none.</param>
/// <param name="seen">Whether the windows were seen a step before; null: the policy has none.</param>
/// <param name="before">Asked for before each call, and not measured.</param>
internal sealed class PolicySeries(IBidPolicy policy, ReadOnlyMemory<PolicyInput> inputs, bool deterministic, Stopwatch? inference, bool? seen = null, ReadOnlyMemory<PolicyInput> before = default)
{
    private readonly PolicyDecision[] _decisions = new PolicyDecision[inputs.Length];
    private readonly List<double> _calls = [];
    private readonly List<double> _inference = [];
    private readonly List<double> _rest = [];
    private double _bytes;

    /// <param name="keep">False: warming up.</param>
    /// <exception cref="InvalidOperationException">A campaign was left undecided: the time would be that of less work.</exception>
    public void Play(TimeSpan length, bool keep)
    {
        TimeProvider time = TimeProvider.System;
        long start = Stopwatch.GetTimestamp();
        do
        {
            if (!before.IsEmpty) policy.Decide(before.Span, _decisions, DecisionScope.Unbounded(time));
            inference?.Reset();
            long bytes = GC.GetAllocatedBytesForCurrentThread(), began = Stopwatch.GetTimestamp();
            DecisionScope scope = deterministic ? DecisionScope.Unbounded(time) : new DecisionScope(time, began + 60 * time.TimestampFrequency, 0);
            policy.Decide(inputs.Span, _decisions, scope);
            double call = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
            if (!Array.TrueForAll(_decisions, decision => decision is { IsDecided: true, Multiplier: > 0 })) throw new InvalidOperationException($"{policy.Model} left a campaign undecided");
            if (!keep) continue;
            double graph = inference?.Elapsed.TotalMilliseconds ?? 0;
            _calls.Add(call);
            _inference.Add(graph);
            _rest.Add(call - graph);
            _bytes += bytes;
        }
        while (Stopwatch.GetElapsedTime(start) < length);
    }

    public PolicyTiming Timing() => new(policy.Model, inputs.Length, deterministic, seen, Sorted(_calls), inference is null ? null : Sorted(_inference), Sorted(_rest), _bytes / _calls.Count);

    private static double[] Sorted(List<double> values) => [.. values.Order()];
}

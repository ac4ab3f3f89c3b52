using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference;

/// <summary>
/// Where the runs of one model go: to its accelerators while one of them works, then to the CPU. Policies ask <see cref="Current"/> anew for every chunk.
/// </summary>
public sealed class ModelInference : IDisposable
{
    private readonly InferenceBatcher? _accelerated;
    private readonly InferenceBatcher? _cpu;

    internal ModelInference(InferenceBatcher? accelerated, InferenceBatcher? cpu, TimeProvider clock, InferenceMetrics metrics)
    {
        if (accelerated is null && cpu is null) throw new ArgumentException("A model needs something to run on.", nameof(cpu));
        _accelerated = accelerated;
        _cpu = cpu;
        Clock = clock;
        Metrics = metrics;
    }

    /// <summary>Clock of deadlines.</summary>
    internal TimeProvider Clock { get; }

    internal InferenceMetrics Metrics { get; }

    internal IReadOnlyList<SessionTensor> Inputs => (_accelerated ?? _cpu!).Inputs;

    /// <summary>Outputs of each way.</summary>
    internal IEnumerable<IReadOnlyList<SessionTensor>> Outputs => new[] { _accelerated, _cpu }.OfType<InferenceBatcher>().Select(batcher => batcher.Outputs);

    internal InferenceBatcher Current => _accelerated is { IsAlive: true } || _cpu is null ? _accelerated! : _cpu;

    /// <summary>One session on the CPU behind a batcher, as simulation and tests use it. The session is owned from here on.</summary>
    public static ModelInference Over(string model, IInferenceSession session, TimeProvider clock, PolicyMetrics metrics, BatcherOptions? options = null)
        => new(null, InferenceBatcher.Open(model, [null], _ => session, null, options ?? new BatcherOptions(), clock, metrics.Inference), clock, metrics.Inference);

    /// <summary>The scope's deadline on this clock.</summary>
    internal long DeadlineOf(in DecisionScope scope)
    {
        if (scope.DeadlineTimestamp == long.MaxValue || ReferenceEquals(scope.Monotonic, Clock)) return scope.DeadlineTimestamp;
        double left = (scope.DeadlineTimestamp - scope.Monotonic.GetTimestamp()) / (double)scope.Monotonic.TimestampFrequency;
        return Clock.GetTimestamp() + (long)(left * Clock.TimestampFrequency);
    }

    /// <summary>Another version serves now; closes once the calls that still hold this one are over.</summary>
    internal void Retire()
    {
        _accelerated?.Retire();
        _cpu?.Retire();
    }

    public void Dispose()
    {
        _accelerated?.Dispose();
        _cpu?.Dispose();
        _accelerated?.WaitUntilClosed();
    }
}

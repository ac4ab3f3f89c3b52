using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using Polly;
using Polly.CircuitBreaker;

namespace AutoBid.Policies.Fallback;

/// <summary>Circuit breaker around the calls of one model: exceptions and calls without a decision in time open it, and time on the monotonic clock half-opens it.</summary>
internal sealed class ModelBreaker
{
    private readonly ResiliencePipeline<bool> _pipeline;

    public ModelBreaker(ChainOptions options, TimeProvider monotonic)
    {
        _pipeline = new ResiliencePipelineBuilder<bool> { TimeProvider = new MonotonicUtc(monotonic) }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<bool>
            {
                FailureRatio = options.BreakerFailureRatio,
                MinimumThroughput = options.BreakerMinimumCalls,
                SamplingDuration = options.BreakerSampling,
                BreakDuration = options.BreakerBreak,
                ShouldHandle = static outcome => ValueTask.FromResult(IsFailure(outcome.Outcome)),
            })
            .Build();
    }

    // A full queue says that too much is asked, not that the model fails. A lost device is never tried again, so there is nothing to probe.
    private static bool IsFailure(Outcome<bool> outcome)
        => outcome.Exception is InferenceException { Fault: InferenceFault.QueueFull or InferenceFault.DeviceLost } ? false : outcome.Exception is not null || !outcome.Result;

    /// <summary>Runs the call, or throws <see cref="BrokenCircuitException"/> without running it while the breaker is open.</summary>
    public void Run(PolicyCall call) => _pipeline.Execute(static running => running.Run(), call);
}

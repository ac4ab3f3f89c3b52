using System.Diagnostics;
using AutoBid.Policies.Models;

namespace AutoBid.Benchmarks.Policies;

/// <summary>A session that adds the time of its runs to a stopwatch, so that inference is told apart from the making of its inputs.</summary>
internal sealed class TimedSession(IInferenceSession session, Stopwatch inference) : IInferenceSession
{
    public string Provider => session.Provider;

    public IReadOnlyList<SessionTensor> Inputs => session.Inputs;

    public IReadOnlyList<SessionTensor> Outputs => session.Outputs;

    public ReadOnlySpan<int> Batches => session.Batches;

    public Span<float> Floats(int input) => session.Floats(input);

    public Span<long> Longs(int input) => session.Longs(input);

    public ReadOnlySpan<float> Output(int output) => session.Output(output);

    public void Run(int rows)
    {
        inference.Start();
        session.Run(rows);
        inference.Stop();
    }

    public void Dispose() => session.Dispose();
}

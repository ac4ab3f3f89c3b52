using System.Diagnostics;
using AutoBid.Cli.Exchange;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;

namespace AutoBid.Cli.Inference;

/// <summary>One caller, one call after the other: what a batch costs from feature rows in host memory to answers in host memory.</summary>
internal static class ClosedLoop
{
    private const int FewestCalls = 20;

    /// <param name="rows">Of a call; more than the largest bucket goes in pieces.</param>
    public static LatencySummary Measure(InferenceBatcher batcher, ModelRows source, int rows, TimeSpan length)
    {
        int largest = batcher.Buckets[^1];
        var pieces = new List<InferenceRequest>();
        for (int left = rows; left > 0; left -= largest)
        {
            InferenceRequest request = batcher.Rent(Math.Min(left, largest));
            request.Deadline = long.MaxValue;
            request.Bucket = 0;
            source.Fill(request, batcher.Inputs);
            pieces.Add(request);
        }

        LatencySummary summary = Repeat(length, () => pieces.ForEach(piece => Expect(batcher.Run(piece), piece)));
        pieces.ForEach(batcher.Return);
        return summary;
    }

    /// <summary>The same graph without a batcher: what it must not lose against.</summary>
    public static LatencySummary MeasurePlain(IInferenceSession session, ModelRows source, int rows, TimeSpan length)
    {
        source.Fill(session, rows);
        return Repeat(length, () => session.Run(rows));
    }

    private static LatencySummary Repeat(TimeSpan length, Action call)
    {
        var latencies = new LatencyRecorder();
        for (int i = 0; i < 3; i++) call();
        long started = Stopwatch.GetTimestamp();
        for (int calls = 0; calls < FewestCalls || Stopwatch.GetElapsedTime(started) < length; calls++)
        {
            long before = Stopwatch.GetTimestamp();
            call();
            latencies.Add(Stopwatch.GetElapsedTime(before));
            if (calls >= 3 && Stopwatch.GetElapsedTime(started) > 3 * length) break;
        }

        return latencies.Summarize();
    }

    private static void Expect(InferenceOutcome outcome, InferenceRequest request)
    {
        if (outcome != InferenceOutcome.Answered) throw new CommandException($"a run ended {outcome}: {request.Error?.Message}");
    }
}

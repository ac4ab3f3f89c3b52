using System.Diagnostics;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Exchange.OpenLoop;
using AutoBid.Policies.Inference;

namespace AutoBid.Cli.Inference;

/// <summary>
/// Requests that come when they come (Poisson), whatever became of those before them, each with a deadline from the moment it was due. Callers stand by
/// on threads of their own; where all of them wait, a request waits for one, and that counts.
/// </summary>
/// <param name="Rate">Rows a second that were asked for.</param>
/// <param name="Answered">Rows a second that were answered in time.</param>
/// <param name="Missed">Share of requests that were not.</param>
/// <param name="Latency">Of the answered ones, from when they were due.</param>
internal sealed record OpenLoopStep(int Rows, double Rate, double Answered, double Missed, LatencySummary Latency)
{
    public static OpenLoopStep Play(InferenceBatcher batcher, ModelRows source, int rows, double rate, TimeSpan length, double deadlineMs, int callers)
    {
        var schedule = new ArrivalSchedule(Arrivals.Poisson, rate / rows, length, seed: 7);
        var gate = new Lock();
        var recorders = new LatencyRecorder[callers];
        long answered = 0, asked = 0;
        long deadline = (long)(deadlineMs / 1000 * Stopwatch.Frequency);
        long start = 0;
        // The clock starts when every caller stands by with its rows.
        using var ready = new Barrier(callers, _ => start = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 100);

        void Call(int caller)
        {
            LatencyRecorder latencies = recorders[caller] = new LatencyRecorder();
            InferenceRequest request = batcher.Rent(rows);
            source.Fill(request, batcher.Inputs);
            request.Bucket = 0;
            ready.SignalAndWait();
            while (true)
            {
                TimeSpan due;
                lock (gate)
                {
                    if (!schedule.TryNext(out due)) break;
                    asked++;
                }

                long at = start + (long)(due.TotalSeconds * Stopwatch.Frequency);
                WaitUntil(at);
                request.Deadline = at + deadline;
                if (batcher.Run(request) != InferenceOutcome.Answered) continue;
                latencies.Add(Stopwatch.GetElapsedTime(at));
                Interlocked.Increment(ref answered);
            }

            batcher.Return(request);
        }

        Thread[] threads = [.. Enumerable.Range(0, callers).Select(caller => new Thread(() => Call(caller)))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        double seconds = Math.Max(Stopwatch.GetElapsedTime(start).TotalSeconds, length.TotalSeconds);
        double[] all = [.. recorders.SelectMany(recorder => recorder.Milliseconds.ToArray())];
        return new OpenLoopStep(rows, rate, answered * rows / seconds, asked == 0 ? 0 : 1 - answered / (double)asked, LatencySummary.Of(all));
    }

    private static void WaitUntil(long at)
    {
        while (true)
        {
            double left = (at - Stopwatch.GetTimestamp()) * 1e9 / Stopwatch.Frequency;
            if (left <= 0) return;
            if (left > 200_000) PreciseSleep.Nanoseconds((long)left - 150_000);
            else Thread.SpinWait(20);
        }
    }
}

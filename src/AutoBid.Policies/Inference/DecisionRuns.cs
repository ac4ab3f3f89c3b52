using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Models;
using AutoBid.Policies.Simple;

namespace AutoBid.Policies.Inference;

/// <summary>
/// Takes a batch of decisions through a model in chunks that fit the deadline. Calls on several threads make their rows beside each other and meet in the batcher.
/// </summary>
/// <param name="model">Name for metrics.</param>
internal sealed class DecisionRuns<TScratch>(string model, ModelInference inference)
    where TScratch : new()
{
    private readonly Stack<Work> _free = new();

    public void Decide(IDecisionRows<TScratch> rows, ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        Work work;
        lock (_free) work = _free.TryPop(out Work? free) ? free : new Work();
        try
        {
            decisions[..inputs.Length].Clear();
            int count = Collect(rows, work, inputs, decisions);
            bool deterministic = scope.DeadlineTimestamp == long.MaxValue;
            // The same campaigns then share the same chunk whatever order they came in.
            if (deterministic) Array.Sort(work.Ids, work.Order, 0, count, StringComparer.Ordinal);
            for (int first = 0; first < count;)
            {
                if (scope.IsLate) return;
                InferenceBatcher batcher = inference.Current;
                int chunk = deterministic ? batcher.DeterministicBucket : batcher.Chunks.Choose(count - first);
                InferenceRequest request = batcher.Rent(Math.Min(batcher.Buckets[chunk], count - first));
                long started = scope.Monotonic.GetTimestamp();
                InferenceOutcome outcome = Ask(rows, work, batcher, request, chunk, inputs, first, scope);
                if (outcome == InferenceOutcome.Answered)
                {
                    for (int row = 0; row < request.Rows && !scope.IsLate; row++)
                    {
                        int item = work.Order[first + row];
                        rows.Answer(work.Scratch, batcher, request, row, item, inputs[item], out decisions[item]);
                    }

                    first += request.Rows;
                }

                batcher.Chunks.Measure(chunk, scope.Monotonic.GetElapsedTime(started).TotalMilliseconds);
                batcher.Return(request);
                // An answer after the deadline is worthless: the fallback chain has moved on. A lost device is asked no more: the next way begins this chunk anew.
                if (outcome == InferenceOutcome.Late) return;
                if (outcome is InferenceOutcome.Answered || (outcome == InferenceOutcome.Lost && batcher.Provider != "cpu" && inference.Current.IsAlive)) continue;
                throw Failure(outcome, request.Error);
            }
        }
        finally
        {
            lock (_free) _free.Push(work);
        }
    }

    /// <summary>Decides what needs no model and lists the rest.</summary>
    private static int Collect(IDecisionRows<TScratch> rows, Work work, ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions)
    {
        work.Reserve(inputs.Length);
        int count = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (ColdStart.Applies(inputs[i]))
            {
                decisions[i] = ColdStart.Decide(inputs[i]);
            }
            else if (inputs[i].Trajectory.Closed >= StepClock.StepsPerDay)
            {
                // The day is over: there is no step to decide.
                decisions[i] = new PolicyDecision { Multiplier = inputs[i].LastMultiplier > 0 ? inputs[i].LastMultiplier : ColdStart.Constant(inputs[i]), IsDecided = true };
            }
            else if (!rows.TryWithout(i, inputs[i], out decisions[i]))
            {
                work.Order[count] = i;
                work.Ids[count++] = inputs[i].CampaignId;
            }
        }

        return count;
    }

    /// <summary>Makes the request's rows from <paramref name="first"/> on, and runs it.</summary>
    private InferenceOutcome Ask(
        IDecisionRows<TScratch> rows, Work work, InferenceBatcher batcher, InferenceRequest request, int chunk, ReadOnlySpan<PolicyInput> inputs, int first,
        in DecisionScope scope)
    {
        long started = scope.Monotonic.GetTimestamp();
        var tally = new RowTally();
        for (int row = 0; row < request.Rows; row++) rows.Fill(work.Scratch, request, row, inputs[work.Order[first + row]], scope.Seed, ref tally);
        inference.Metrics.Built(model, scope.Monotonic.GetElapsedTime(started), tally);
        request.Class = scope.IsBulk ? RequestClass.Bulk : RequestClass.Interactive;
        request.Deadline = inference.DeadlineOf(scope);
        request.Bucket = scope.DeadlineTimestamp == long.MaxValue ? batcher.Buckets[chunk] : 0;
        return batcher.Run(request);
    }

    private static InferenceException Failure(InferenceOutcome outcome, InferenceException? error) => outcome switch
    {
        InferenceOutcome.QueueFull => new InferenceException("the queue of decisions is full", InferenceFault.QueueFull),
        InferenceOutcome.Lost => new InferenceException(error?.Message ?? "no device is left", InferenceFault.DeviceLost, error),
        _ => new InferenceException(error!.Message, error.Fault, error),
    };

    /// <summary>What one call needs, reused.</summary>
    private sealed class Work
    {
        public TScratch Scratch { get; } = new();

        public string[] Ids { get; private set; } = [];

        public int[] Order { get; private set; } = [];

        public void Reserve(int count)
        {
            if (Order.Length >= count) return;
            Order = new int[count];
            Ids = new string[count];
        }
    }
}

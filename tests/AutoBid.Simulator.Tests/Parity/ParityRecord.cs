using AutoBid.Core.Features;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Tests.Parity;

/// <summary>
/// What the engine's candidates saw, did and got, as the arrays that <c>policies/tests/parity.py</c> reads: entries x 48, money in account currency.
/// </summary>
internal static class ParityRecord
{
    private const int Steps = StepClock.StepsPerDay;

    public static ScaleFreeFeatures Builder { get; } = new(ScaleFreeFeatures.Latest);

    /// <param name="replay">A finished replay whose candidates all have a <see cref="RecordedPolicy"/>.</param>
    public static void Write(string path, FrozenReplay replay)
    {
        int entries = replay.Entries.Count, width = Builder.Columns.Count;
        float[] features = new float[entries * Steps * width], mpc = new float[entries * Steps], action = new float[entries * Steps];
        float[] cost = new float[entries * Steps], value = new float[entries * Steps], score = new float[entries];
        int[] conversions = new int[entries * Steps];
        Dictionary<IBidPolicy, int> asked = [];
        for (int entry = 0; entry < entries; entry++)
        {
            var policy = (RecordedPolicy)replay.Entries[entry].Agent.Policy;
            int input = asked[policy] = asked.GetValueOrDefault(policy, -1) + 1;
            for (int t = 0; t < Steps; t++)
            {
                ref readonly SeatStep step = ref replay.Steps(entry)[t];
                int at = entry * Steps + t;
                policy.Row(input, t).CopyTo(features, at * width);
                mpc[at] = policy.Base(input, t);
                action[at] = (float)Math.Log(step.Multiplier);
                cost[at] = (float)step.Cost;
                value[at] = (float)step.ValueWon;
                conversions[at] = step.Conversions;
            }

            FrozenOutcome day = replay.Outcome(entry);
            score[entry] = (float)Score.Of(day.Value, day.Cost, replay.Entries[entry].Agent.Seat.TargetCpa);
        }

        using FileStream file = File.Create(path);
        using var npz = new NpzWriter(file);
        npz.Write("features", features, entries, Steps, width);
        npz.Write("base", mpc, entries, Steps);
        npz.Write("action", action, entries, Steps);
        npz.Write("cost", cost, entries, Steps);
        npz.Write("value", value, entries, Steps);
        npz.Write("conversions", conversions, entries, Steps);
        npz.Write("score", score, entries);
    }
}

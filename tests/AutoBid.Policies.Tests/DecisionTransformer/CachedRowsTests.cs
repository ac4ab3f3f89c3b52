using System.Runtime.InteropServices;
using AutoBid.Core.Features;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Policies.Tests.DecisionTransformer;

/// <summary>A policy that keeps its rows decides as one that makes them anew: to the bit, whatever happens to the campaigns.</summary>
public sealed class CachedRowsTests
{
    private const int Window = 12;
    private const long Roomy = 1 << 20;

    private static readonly int EachBytes = RowCacheShard.BytesPerCampaign(Window, new RowShape(29, new ScaleFreeFeatures().PlainNumbers));

    private static readonly Gen<Scenario> Scenarios =
        from seed in Gen.Choose(0, int.MaxValue)
        from bytes in Gen.Elements(Roomy, 2L * EachBytes + 1, 1L)
        from residual in Gen.Elements(false, false, true)
        from version in Gen.Elements(1, 2)
        from curves in Gen.Elements(20, 20, 48, 7)
        from threads in Gen.Elements(1, 1, 4)
        select new Scenario(seed, bytes, residual, version, curves, threads);

    [Fact]
    public void Decisions_are_those_without_a_cache_to_the_bit()
        => Prop.ForAll(Arb.From(Scenarios), Holds).Check(Checks.Config.WithMaxTest(60));

    [Theory]
    [InlineData(20)]
    [InlineData(48)]
    public void A_decision_makes_one_row(int curvesKept)
    {
        using var meter = new CountingMeter();
        using OnnxDecisionTransformerPolicy policy = Policy(new Scenario(0, Roomy, false, 2, curvesKept, 1), Roomy, meter);
        var world = new RowWorld(new Random(3), 1, curvesKept);
        for (int step = 0; step < 47; step++)
        {
            (long hits, long calibrated, long made) = (Rows(meter, "hit"), Rows(meter, "calibrated"), Rows(meter, "new"));
            policy.Decide(world.Inputs(), new PolicyDecision[1], DecisionScope.Unbounded(new ManualClock()));
            Assert.Equal(1, Rows(meter, "new") - made);
            Assert.Equal(Math.Min(step, Window - 1), Rows(meter, "hit") - hits + Rows(meter, "calibrated") - calibrated);
            world.Advance(all: true);
        }

        Assert.Equal(0, Rows(meter, "changed"));
        // Curves age out from step 21 on; where all are kept no calibration of the past ever moves.
        Assert.Equal(curvesKept == 20, Rows(meter, "calibrated") > 200);
    }

    [Fact]
    public void What_changes_and_what_goes_is_counted()
    {
        using var meter = new CountingMeter();
        using OnnxDecisionTransformerPolicy policy = Policy(new Scenario(0, 0, false, 2, 20, 1), EachBytes, meter);
        var days = new Days();
        PolicyInput input = days.Input(d => d.Steps(5, 0.8), Days.Prior());
        Call.One(policy, input);
        Call.One(policy, days.Input(d => d.Steps(5, 0.8), Days.Prior(), budget: 2 * Days.Budget));
        Assert.Equal((6, 6), (Rows(meter, "new"), Rows(meter, "changed")));
        Call.One(policy, days.Input(d => d.Steps(5, 0.8), Days.Prior(), id: "other"));
        Assert.Equal(1, meter["autobid_features_evictions_total gave"]);
        Assert.Equal(EachBytes, policy.Cache!.Bytes);
    }

    [Fact]
    public void A_policy_that_is_retired_no_longer_counts_its_memory()
    {
        using var meter = new CountingMeter();
        using OnnxDecisionTransformerPolicy policy = Policy(new Scenario(0, 0, false, 2, 20, 1), Roomy, meter);
        Call.One(policy, new Days().Input(d => d.Steps(5, 0.8), Days.Prior()));
        meter.Observe();
        Assert.True(meter["autobid_features_cache_bytes gave"] > 0);
        long before = meter["autobid_features_cache_bytes gave"];
        policy.Retire();
        meter.Observe();
        Assert.Equal(before, meter["autobid_features_cache_bytes gave"]);
    }

    [Fact]
    public void Decides_step_after_step_without_allocating()
    {
        using OnnxDecisionTransformerPolicy policy = new(Cards.Tiny, OneSession.Of(OnnxSession.Open(File.ReadAllBytes(Path.Combine(Cards.Source, "tiny", "model.onnx"))), new ManualClock()));
        var days = new Days();
        // Each call finds the rows of the call before and makes one: the days go round, so that every call of a round is like the same one of the last.
        PolicyInput[][] steps = [.. Enumerable.Range(0, 30).Select(step => Enumerable.Range(0, 20).Select(i => days.Input(d => d.Steps(step, 0.7), Days.Prior(), id: "c" + i)).ToArray())];
        var decisions = new PolicyDecision[20];
        DecisionScope scope = DecisionScope.Unbounded(new ManualClock());
        Assert.Equal(0, Allocations.Of(() =>
        {
            foreach (PolicyInput[] inputs in steps) policy.Decide(inputs, decisions, scope);
        }));
    }

    private static bool Holds(Scenario scenario)
    {
        using var meter = new CountingMeter();
        using OnnxDecisionTransformerPolicy cached = Policy(scenario, scenario.Bytes, meter), plain = Policy(scenario, 0, new CountingMeter());
        var random = new Random(scenario.Seed);
        var world = new RowWorld(random, 6, scenario.CurvesKept);
        bool equal = true;
        for (int turn = 0; turn < 60; turn++)
        {
            if (random.Next(3) > 0) world.Advance(all: random.Next(3) > 0);
            else for (int change = random.Next(1, 4); change > 0; change--) world.Change();
            PolicyInput[] inputs = world.Inputs();
            long[] expected = Decide(plain, inputs);
            if (scenario.Threads == 1) equal &= expected.AsSpan().SequenceEqual(Decide(cached, inputs));
            else Parallel.For(0, scenario.Threads, new ParallelOptions { MaxDegreeOfParallelism = scenario.Threads }, _ => Volatile.Write(ref equal, Volatile.Read(ref equal) & expected.AsSpan().SequenceEqual(Decide(cached, inputs))));
            if (cached.Cache!.Bytes > scenario.Bytes) return false;
        }

        // The roomy ones must have found something, or nothing was tested.
        return equal && (scenario.Bytes != Roomy || Rows(meter, "hit") > 0);
    }

    private static long[] Decide(OnnxDecisionTransformerPolicy policy, PolicyInput[] inputs)
    {
        var decisions = new PolicyDecision[inputs.Length];
        policy.Decide(inputs, decisions, DecisionScope.Unbounded(new ManualClock()));
        return [.. decisions.Select(decision => BitConverter.DoubleToInt64Bits(decision.Multiplier))];
    }

    /// <summary>Its session answers with a hash of all that it is given: rows that differ in one bit are told apart.</summary>
    private static OnnxDecisionTransformerPolicy Policy(Scenario scenario, long bytes, CountingMeter meter)
    {
        ModelCard card = (scenario.Residual ? Cards.Residual : Cards.Tiny) with { Name = "gave", Window = Window };
        card = card with { Features = card.Features with { Version = scenario.Version } };
        var session = new FakeSession(Window, scenario.Residual);
        session.Action = row =>
        {
            ulong hash = 14695981039346656037;
            for (int i = 0; i < session.Inputs.Count; i++)
            {
                int length = session.Inputs[i].RowLength;
                ReadOnlySpan<byte> bytes = session.Inputs[i].Dtype == "int64"
                    ? MemoryMarshal.AsBytes(session.Longs(i).Slice(row * length, length))
                    : MemoryMarshal.AsBytes(session.Floats(i).Slice(row * length, length));
                foreach (byte b in bytes) hash = (hash ^ b) * 1099511628211;
            }

            return hash % 1_000_003 / 1_000_003f - 0.5f;
        };
        var clock = new ManualClock();
        return new OnnxDecisionTransformerPolicy(card, ModelInference.Over("gave", session, clock, meter.Metrics), bytes);
    }

    private static long Rows(CountingMeter meter, string result) => meter[$"autobid_features_rows_total gave {result}"];

    private sealed record Scenario(int Seed, long Bytes, bool Residual, int Version, int CurvesKept, int Threads);
}

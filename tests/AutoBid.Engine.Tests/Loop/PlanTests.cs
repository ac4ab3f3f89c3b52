using System.Diagnostics.Metrics;
using AutoBid.Core.Money;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Policies.Contracts;

namespace AutoBid.Engine.Tests.Loop;

public sealed class PlanTests : IDisposable
{
    private readonly Bench _bench = new(new EngineOptions { Tick = TimeSpan.FromMinutes(10) }, new Planner());
    private readonly MeterListener _listener = new();
    private readonly List<double> _divergence = [];

    public PlanTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "autobid_plan_divergence") listener.EnableMeasurementEvents(instrument);
        };
        // Other benches have meters of the same name, but this policy is only here, and tests of one class run one after the other.
        _listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            if (tags.Length == 1 && tags[0].Value is "planner") _divergence.Add(value);
        });
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _bench.Dispose();
    }

    private DecisionRecord DecideAt(double hours)
    {
        _bench.Closer.Advance(0, Bench.At(hours));
        _bench.Closer.ShowOpenRow(0, Bench.At(hours));
        return Assert.Single(_bench.Decider.Decide(Bench.At(hours), inputsAreStale: false));
    }

    [Fact]
    public void A_plan_goes_with_the_decision_that_it_was_made_for_and_with_no_other()
    {
        _bench.Open(Bench.Campaign(policy: "planner"));
        DecisionRecord first = DecideAt(0);
        Assert.Equal((0, 48), (first.Plan!.FirstStep, first.Plan.Spend.Count));
        Assert.Null(DecideAt(1 / 6.0).Plan);
        Assert.Equal(1, DecideAt(0.5).Plan!.FirstStep);
    }

    [Fact]
    public void Divergence_is_told_once_when_the_planned_step_has_closed()
    {
        _bench.Open(Bench.Campaign(policy: "planner"));
        DecideAt(0);
        // Planned: a twentieth of 100; spent: 2.
        _bench.Apply(Bench.Foreign("f", 2 * Nanos.PerUnit, bidHours: 0.1), nowHours: 0.1);
        DecideAt(1 / 6.0);
        Assert.Empty(_divergence);
        DecideAt(0.5);
        Assert.Equal((5 - 2) / (100 / 48.0), Assert.Single(_divergence), 4);
        DecideAt(4 / 6.0);
        Assert.Single(_divergence);
        DecideAt(1);
        Assert.Equal(5 / (100 / 48.0), _divergence[1], 4);
    }

    [Fact]
    public void A_day_that_begins_anew_has_nothing_to_compare()
    {
        _bench.Open(Bench.Campaign(policy: "planner"));
        DecideAt(23.5);
        DecideAt(24);
        Assert.Empty(_divergence);
    }

    /// <summary>Plans to spend a twentieth of the budget in every step.</summary>
    private sealed class Planner : IBidPolicy
    {
        public string Name => "planner";

        public string Model => "planner/1";

        public PolicyCadence Cadence => PolicyCadence.StepStart;

        public bool DecidesFromPrior => true;

        public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                Assert.InRange(inputs[i].Day, Bench.Day, Bench.Day + 1);
                int first = inputs[i].Trajectory.Closed;
                float[] shares = [.. Enumerable.Repeat(0.05f, 48 - first)];
                decisions[i] = new PolicyDecision { Multiplier = 1, IsDecided = true, Plan = new DayPlan(first, shares, shares, 1) };
            }
        }
    }
}

using AutoBid.Core.Campaigns;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;

namespace AutoBid.Simulator.Tests.Parity;

/// <summary>
/// A policy that keeps, for every step and input, the served builder's row and MPC's answer in the same state. Inputs must come in the same order
/// all day.
/// </summary>
internal sealed class RecordedPolicy(IBidPolicy inner, IFeatureBuilder builder) : IBidPolicy
{
    private readonly DayForecast _scratch = new();
    private readonly List<float[]> _rows = [];
    private readonly List<float> _base = [];

    public string Name => inner.Name;

    public string Model => inner.Model;

    public PolicyCadence Cadence => inner.Cadence;

    public bool DecidesFromPrior => inner.DecidesFromPrior;

    /// <summary>Feature row of one input at one step.</summary>
    public float[] Row(int input, int step) => _rows[step * Inputs + input];

    /// <summary>MPC's log multiplier there.</summary>
    public float Base(int input, int step) => _base[step * Inputs + input];

    private int Inputs => _rows.Count / StepClock.StepsPerDay;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        foreach (ref readonly PolicyInput input in inputs)
        {
            float[] row = new float[builder.Columns.Count];
            bool targetFirst = input.Mode == PacingMode.TargetFirst;
            builder.Write(new FeatureInput { Forecast = input.Forecast, TargetFirst = targetFirst, HasTarget = input.HasTarget }, _scratch, row);
            _rows.Add(row);
            Assert.True(MpcPolicy.TryPlan(input, _scratch, out double multiplier));
            _base.Add((float)Math.Log(multiplier));
        }

        inner.Decide(inputs, decisions, scope);
    }
}

using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Diffusion;

/// <summary>The noise that a planning graph samples from, and the plan that it answers.</summary>
internal sealed class PlanTensors : IWindowAddition
{
    /// <summary>Of a step of a plan: share of the budget, value x reference / budget, log price, log multiplier.</summary>
    private const int Channels = 4;

    private readonly IInferenceSession _session;
    private readonly int _noise, _plan, _promise, _length;

    /// <exception cref="ModelRefusedException">Reason Shape: not the tensors of a planning graph.</exception>
    public PlanTensors(IInferenceSession session)
    {
        _session = session;
        _noise = Find(session.Inputs, "noise");
        _plan = Find(session.Outputs, "plan");
        _promise = Find(session.Outputs, "promise");
        int[] noise = session.Inputs[_noise].Shape;
        if (session.Inputs[_noise].Dtype != "float32" || noise.Length != 4 || noise[1] < 1 || noise[2] != StepClock.StepsPerDay || noise[3] != Channels)
            throw Refuse($"input noise is {session.Inputs[_noise].Dtype}[{string.Join(", ", noise)}], not float32[-1, samples, {StepClock.StepsPerDay}, {Channels}]");
        if (!session.Outputs[_plan].Shape.Skip(1).SequenceEqual([StepClock.StepsPerDay, Channels]))
            throw Refuse($"output plan is [{string.Join(", ", session.Outputs[_plan].Shape)}], not [-1, {StepClock.StepsPerDay}, {Channels}]");
        if (session.Outputs[_promise].RowLength != 1) throw Refuse("output promise must be one number per row");
        _length = session.Inputs[_noise].RowLength;
    }

    public int Inputs => 1;

    public void Fill(int row, in PolicyInput input, ulong seed)
        => PlanNoise.Fill(Noise(row), input.CampaignId, input.Day, input.Trajectory.Closed, seed);

    public void Pad(int row) => Noise(row).Clear();

    /// <summary>Null where the graph answered something that is not finite: its multiplier is the guard's business, a plan like that is nobody's.</summary>
    public DayPlan? PlanOf(int row, in PolicyInput input)
    {
        int first = input.Trajectory.Closed, steps = StepClock.StepsPerDay - first;
        ReadOnlySpan<float> plan = _session.Output(_plan).Slice((row * StepClock.StepsPerDay + first) * Channels, steps * Channels);
        var spend = new float[steps];
        var value = new float[steps];
        for (int k = 0; k < steps; k++)
        {
            (spend[k], value[k]) = (plan[k * Channels], plan[k * Channels + 1]);
            if (!float.IsFinite(spend[k]) || !float.IsFinite(value[k])) return null;
        }

        return new DayPlan(first, spend, value, _session.Output(_promise)[row]);
    }

    private Span<float> Noise(int row) => _session.Floats(_noise).Slice(row * _length, _length);

    private static int Find(IReadOnlyList<SessionTensor> tensors, string name)
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            if (tensors[i].Name == name) return i;
        }

        throw Refuse($"the graph has no {name}");
    }

    private static ModelRefusedException Refuse(string message) => new(RefusalReason.Shape, message);
}

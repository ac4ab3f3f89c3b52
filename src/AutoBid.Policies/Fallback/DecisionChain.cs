using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using Polly.CircuitBreaker;

namespace AutoBid.Policies.Fallback;

/// <summary>
/// Decides a batch of campaigns under their own policies and always answers: policy inside its deadline, else the last multiplier, else PID on the
/// last good one, else the safe multiplier (design.md section 2). One instance per thread: its buffers are reused.
/// </summary>
public sealed class DecisionChain(PolicyCatalog catalog, PolicyMetrics metrics, ChainOptions? options = null)
{
    private readonly ChainOptions _options = options ?? new ChainOptions();
    private readonly PidPolicy _pid = new();
    private readonly DayForecast _scratch = new();
    private readonly PolicyCall _call = new();
    private readonly List<PolicyEntry> _asked = [];
    private PolicyEntry?[] _entries = [];

    /// <summary>Called with policy name and error when a policy throws, for the host's log. Its items fall back.</summary>
    public event Action<string, Exception>? PolicyFailed;

    /// <summary>Fills <paramref name="decisions"/>, one per item. Campaigns of one policy are decided together, in the order given.</summary>
    public void Decide(ReadOnlySpan<ChainItem> items, Span<ChainDecision> decisions, in DecisionScope scope)
    {
        if (_entries.Length < items.Length) _entries = new PolicyEntry?[items.Length];
        PolicySet set = catalog.Current;
        _asked.Clear();
        for (int i = 0; i < items.Length; i++)
        {
            ref readonly ChainItem item = ref items[i];
            PolicyEntry entry = set.Resolve(item.Policy);
            decisions[i] = new ChainDecision { Policy = entry.Name, Model = entry.Model };
            _entries[i] = null;
            if (entry.Policy is null)
            {
                FallBack(item, ref decisions[i], FallbackReason.NoModel);
                continue;
            }

            if (entry.Policy.Cadence == PolicyCadence.StepStart)
            {
                decisions[i].Mpc = MpcNow(item.Input);
                if (item.StepStartMultiplier > 0)
                {
                    decisions[i].Multiplier = MoveInStep(item, decisions[i].Mpc);
                    continue;
                }
            }

            _entries[i] = entry;
            if (!_asked.Contains(entry)) _asked.Add(entry);
        }

        foreach (PolicyEntry entry in _asked) Ask(entry, items, decisions, scope);
    }

    /// <summary>Answers without asking any policy: the decision queue was full, or the caller's own reason to give up.</summary>
    public void FallBack(ReadOnlySpan<ChainItem> items, Span<ChainDecision> decisions, FallbackReason reason)
    {
        PolicySet set = catalog.Current;
        for (int i = 0; i < items.Length; i++)
        {
            PolicyEntry entry = set.Resolve(items[i].Policy);
            decisions[i] = new ChainDecision { Policy = entry.Name, Model = entry.Model };
            FallBack(items[i], ref decisions[i], reason);
        }
    }

    private void Ask(PolicyEntry entry, ReadOnlySpan<ChainItem> items, Span<ChainDecision> decisions, in DecisionScope scope)
    {
        _call.Start(entry.Policy!, items.Length, scope);
        for (int i = 0; i < items.Length; i++)
        {
            if (ReferenceEquals(_entries[i], entry)) _call.Add(i, items[i].Input);
        }

        long started = scope.Monotonic.GetTimestamp();
        FallbackReason reason = Run(entry, scope);
        metrics.Decided(entry.Name, scope.Monotonic.GetElapsedTime(started));
        for (int k = 0; k < _call.Count; k++)
        {
            int i = _call.Items[k];
            ref readonly PolicyDecision decision = ref _call.Decisions[k];
            if (!decision.IsDecided)
            {
                FallBack(items[i], ref decisions[i], reason);
                continue;
            }

            decisions[i].Multiplier = decision.Multiplier;
            decisions[i].IsColdStart = decision.IsColdStart;
            decisions[i].IsPlanned = true;
            decisions[i].Plan = decision.Plan;
        }
    }

    /// <summary>Runs the call; returns the reason under which items that it left undecided fall back.</summary>
    private FallbackReason Run(PolicyEntry entry, in DecisionScope scope)
    {
        try
        {
            if (entry.Breaker is { } breaker) breaker.Run(_call);
            else _call.Run();
            // Without a deadline an item stays undecided only because its policy has nothing to decide with.
            return scope.DeadlineTimestamp == long.MaxValue ? FallbackReason.NoModel : FallbackReason.Deadline;
        }
        catch (BrokenCircuitException)
        {
            return FallbackReason.Breaker;
        }
        catch (Exception error)
        {
            // Whatever a policy throws, bidding goes on; items that it had decided before keep their decision.
            PolicyFailed?.Invoke(entry.Name, error);
            return error is InferenceException inference ? ReasonOf(inference.Fault) : FallbackReason.Breaker;
        }
    }

    private static FallbackReason ReasonOf(InferenceFault fault) => fault switch
    {
        InferenceFault.DeviceLost => FallbackReason.GpuLost,
        InferenceFault.QueueFull => FallbackReason.QueueFull,
        _ => FallbackReason.Breaker,
    };

    private double MpcNow(in PolicyInput input)
        => input.Prior is not null && MpcPolicy.TryPlan(input, _scratch, out double multiplier) && multiplier > 0 ? multiplier : 0;

    /// <summary>The step's decision moved by MPC's own ratio since the step's start; without a prior it holds.</summary>
    private double MoveInStep(in ChainItem item, double mpc)
    {
        if (!(mpc > 0) || !(item.MpcAtStepStart > 0)) return item.StepStartMultiplier;
        double move = Math.Clamp(Math.Log(mpc / item.MpcAtStepStart), -_options.LargestMoveInStep, _options.LargestMoveInStep);
        return item.StepStartMultiplier * Math.Exp(move);
    }

    private void FallBack(in ChainItem item, ref ChainDecision decision, FallbackReason reason)
    {
        double last = item.Input.LastMultiplier;
        FallbackStep step;
        if (last > 0 && double.IsFinite(last) && item.LastAgeTicks < _options.LastYoungerThanTicks)
        {
            (decision.Multiplier, step) = (last, FallbackStep.Last);
        }
        else if (TryPid(item.Input, out double pid))
        {
            (decision.Multiplier, step) = (pid, FallbackStep.Pid);
        }
        else
        {
            (decision.Multiplier, step) = (item.SafeMultiplier, FallbackStep.Safe);
        }

        decision.Step = step;
        decision.Reason = reason;
        metrics.FellBack(step, reason);
    }

    /// <summary>
    /// Feedback on the multiplier executed in the last closed step: from the one in force, which may be PID's own, every tick would compound.
    /// </summary>
    private bool TryPid(in PolicyInput input, out double multiplier)
    {
        multiplier = 0;
        if (input.Trajectory.Rows.IsEmpty || ColdStart.Applies(input)) return false;
        multiplier = _pid.Next(input);
        return double.IsFinite(multiplier) && multiplier > 0;
    }
}

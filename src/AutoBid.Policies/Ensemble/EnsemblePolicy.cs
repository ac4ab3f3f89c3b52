using AutoBid.Policies.Contracts;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Market;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;

namespace AutoBid.Policies.Ensemble;

/// <summary>
/// Candidates of MPC and the live models gave and cbd, each times a few factors, played on the futures that the live market model samples; the one with the
/// best mean score is bid (policies.md section 6b). Where the proposals are too far apart, and where there is no market model, it is MPC. A member that is
/// missing or fails leaves the choice to the others; members are asked in turn, so one that uses up the time leaves MPC's answer. There is no second judgement by
/// the critic Q: the graphs that ship have none.
/// </summary>
/// <param name="models">The live models; null: none, so that it is MPC. A reload counts from the next call on.</param>
public sealed class EnsemblePolicy(ILiveModels? models, EnsembleOptions? options = null) : IBidPolicy
{
    public const string PolicyName = "ensemble";

    private readonly EnsembleOptions _options = options ?? new EnsembleOptions();
    private readonly MpcPolicy _mpc = new();
    private readonly Stack<EnsembleWork> _free = new();
    private EnsembleMembers _members = new([]);

    /// <summary>Called with a member's name and its error when one fails, for the host's log. The others decide.</summary>
    public event Action<string, Exception>? MemberFailed;

    public string Name => PolicyName;

    /// <summary>Its name, and the models that decide in it now.</summary>
    public string Model => Current.Model;

    /// <summary>The models that decide in it now; none: it is MPC.</summary>
    public IReadOnlyList<LiveModel> Members => Current.Models;

    public PolicyCadence Cadence => PolicyCadence.StepStart;

    public bool IsThreadSafe => true;

    public bool DecidesFromPrior => true;

    private EnsembleMembers Current
    {
        get
        {
            EnsembleMembers members = Volatile.Read(ref _members);
            if (models is null || members.Live == models.Live) return members;
            // Two threads may both make them: they are equal, and either may win.
            members = new EnsembleMembers(models.Live);
            Volatile.Write(ref _members, members);
            return members;
        }
    }

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        decisions[..inputs.Length].Clear();
        EnsembleMembers members = Current;
        EnsembleWork work;
        lock (_free) work = _free.TryPop(out EnsembleWork? free) ? free : new EnsembleWork(_options);
        try
        {
            work.Start(inputs.Length);
            _mpc.Decide(inputs, work.Mpc.AsSpan(0, inputs.Length), scope);
            if (members.Market is { } market)
            {
                foreach (IBidPolicy member in members.Proposers)
                {
                    TryAsk(member, inputs, work.Next(inputs.Length), scope);
                    work.Members++;
                }

                if (!scope.IsLate) TryChoose(market, work, inputs, decisions, scope);
            }

            // What MPC decided in time stands where nothing better came.
            for (int i = 0; i < inputs.Length; i++)
            {
                if (!decisions[i].IsDecided) decisions[i] = work.Mpc[i];
            }
        }
        finally
        {
            lock (_free) _free.Push(work);
        }
    }

    private void TryAsk(IBidPolicy member, ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> proposals, in DecisionScope scope)
    {
        try
        {
            member.Decide(inputs, proposals, scope);
        }
        catch (Exception error)
        {
            // Whatever a member throws, the others go on; what it had decided before counts.
            MemberFailed?.Invoke(member.Name, error);
        }
    }

    private void TryChoose(OnnxMarketPolicy market, EnsembleWork work, ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        try
        {
            market.Decide(work, inputs, decisions, scope);
            if (work.Broken > 0) MemberFailed?.Invoke(market.Name, new InferenceException($"the futures of {work.Broken} of {inputs.Length} items are not numbers", InferenceFault.Model));
        }
        catch (Exception error)
        {
            MemberFailed?.Invoke(market.Name, error);
        }
    }
}

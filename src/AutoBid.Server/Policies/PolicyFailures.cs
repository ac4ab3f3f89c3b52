using AutoBid.Policies.Ensemble;
using AutoBid.Policies.Fallback;

namespace AutoBid.Server.Policies;

/// <summary>
/// Says in the log why a policy, or a member of the ensemble, failed: the metrics count how often its campaigns fell back, only the error says why. A model
/// that is broken fails at every decision, so each name gets a line at once and then at most one a minute, with the number of those that it stands for.
/// </summary>
/// <param name="monotonic">Clock that minutes are measured on.</param>
public sealed class PolicyFailures(ILogger<PolicyFailures> logger, TimeProvider monotonic)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Silence> _silences = new(StringComparer.Ordinal);

    public DecisionChain Watch(DecisionChain chain)
    {
        chain.PolicyFailed += Failed;
        return chain;
    }

    public EnsemblePolicy Watch(EnsemblePolicy ensemble)
    {
        ensemble.MemberFailed += (member, error) => Failed($"{ensemble.Name}, member {member}", error);
        return ensemble;
    }

    /// <summary>May be called on any thread, several at a time.</summary>
    private void Failed(string policy, Exception error)
    {
        long now = monotonic.GetTimestamp();
        int unsaid;
        lock (_silences)
        {
            if (_silences.TryGetValue(policy, out Silence? silence) && monotonic.GetElapsedTime(silence.Since, now) < Quiet)
            {
                silence.Unsaid++;
                return;
            }

            unsaid = silence?.Unsaid ?? 0;
            _silences[policy] = new Silence { Since = now };
        }

        if (unsaid == 0) logger.LogError(error, "policy {Policy} failed: {Message}", policy, error.Message);
        else logger.LogError(error, "policy {Policy} failed, {Count} times more since it was last said: {Message}", policy, unsaid, error.Message);
    }

    private sealed class Silence
    {
        /// <summary>Timestamp of the last line.</summary>
        public required long Since { get; init; }

        /// <summary>Failures since then, guarded by the lock on the dictionary.</summary>
        public int Unsaid { get; set; }
    }
}

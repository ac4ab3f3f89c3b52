using System.Collections.Concurrent;
using AutoBid.Engine.Ports;

namespace AutoBid.Server.Campaigns;

/// <summary>The last decisions of each campaign, for the API and the console. Bounded; the full history is on autobid.decisions.</summary>
public sealed class DecisionHistory
{
    public const int Kept = 2_000;

    private readonly ConcurrentDictionary<string, Queue<DecisionRecord>> _byCampaign = new(StringComparer.Ordinal);

    public void Add(IReadOnlyList<DecisionRecord> decisions)
    {
        foreach (DecisionRecord decision in decisions)
        {
            Queue<DecisionRecord> queue = _byCampaign.GetOrAdd(decision.CampaignId, _ => new Queue<DecisionRecord>());
            lock (queue)
            {
                queue.Enqueue(decision);
                if (queue.Count > Kept) queue.Dequeue();
            }
        }
    }

    /// <summary>The newest decisions, oldest first.</summary>
    public IReadOnlyList<DecisionRecord> Of(string campaignId, int limit)
    {
        if (!_byCampaign.TryGetValue(campaignId, out Queue<DecisionRecord>? queue)) return [];
        lock (queue) return queue.TakeLast(limit).ToArray();
    }
}

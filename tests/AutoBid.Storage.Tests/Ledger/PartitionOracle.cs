using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

/// <summary>What belongs to partitions, in its plainest form: a list of all that was ever committed, read anew each time.</summary>
internal sealed class PartitionOracle
{
    private readonly Dictionary<int, (long Epoch, string Node)> _owners = [];
    private readonly List<LedgerCommit> _commits = [];

    public PartitionEpoch Held(int partition) => new(partition, _owners.GetValueOrDefault(partition).Epoch);

    public PartitionClaim Claim(int partition, string node)
    {
        (long epoch, string? before) = _owners.GetValueOrDefault(partition);
        _owners[partition] = (epoch + 1, node);
        return new PartitionClaim(partition, epoch + 1, epoch, before);
    }

    public void Committed(LedgerCommit commit) => _commits.Add(commit);

    public void Check(int[] partitions, LedgerSnapshot snapshot)
    {
        var states = new SortedDictionary<string, CampaignState>(StringComparer.Ordinal);
        var offsets = new Dictionary<(string, int), PartitionOffset>();
        var seen = new List<SeenBlock>();
        foreach (LedgerCommit commit in _commits)
        {
            foreach (CampaignState state in commit.States)
            {
                states.Remove(state.CampaignId);
                if (state.Blob.Length > 0) states.Add(state.CampaignId, state);
            }

            seen.RemoveAll(block => commit.SeenDropped.Contains(new SeenKey(block.Partition, block.Kind, block.Key)));
            foreach (SeenBlock block in commit.SeenReplaced) seen.RemoveAll(old => (old.Partition, old.Kind, old.Key) == (block.Partition, block.Kind, block.Key));
            seen.AddRange([.. commit.SeenReplaced, .. commit.Seen]);
            foreach (PartitionOffset at in commit.Offsets) offsets[(at.Topic, at.Partition)] = at;
        }

        Assert.Equal(
            states.Values.Where(state => partitions.Contains(state.Partition)).Select(Text),
            snapshot.States.OrderBy(state => state.CampaignId, StringComparer.Ordinal).Select(Text));
        Assert.Equal(
            // A stable sort: blocks of one key stay in the order in which they were appended.
            seen.Where(block => partitions.Contains(block.Partition)).OrderBy(block => (block.Partition, block.Kind, block.Key)).Select(Text),
            snapshot.Seen.Select(Text));
        Assert.Equal(
            offsets.Values.Where(at => partitions.Contains(at.Partition)).OrderBy(at => at.Partition).ThenBy(at => at.Topic, StringComparer.Ordinal),
            snapshot.Offsets.OrderBy(at => at.Partition).ThenBy(at => at.Topic, StringComparer.Ordinal));
    }

    private static string Text(CampaignState state) => $"{state.CampaignId} {state.Partition} {state.Day} {Convert.ToHexString(state.Blob)}";

    private static string Text(SeenBlock block) => $"{block.Partition} {block.Kind} {block.Key} {Convert.ToHexString(block.Blob)}";
}

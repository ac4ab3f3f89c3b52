namespace AutoBid.Policies.DecisionTransformer;

/// <summary>
/// Finished rows of the last steps of each campaign, under the keys of what they were made from. A row is only ever given out for its own key, so that
/// whoever forgets, restarts or mixes up campaigns gets the rows that he would have made. Bounded in bytes: beyond them the campaign goes that was
/// asked for longest ago. Safe on any number of threads: campaigns are spread over shards, whose locks are held while a window is copied and no longer.
/// </summary>
internal sealed class RowCache
{
    /// <summary>Campaign ids of the service are no longer (CampaignRules); a caller's own may be, and is not kept.</summary>
    public const int LongestId = 64;

    private const int Shards = 16;

    private readonly RowCacheShard[] _shards;
    private readonly int _bytesPerCampaign;

    /// <param name="model">Label of the metrics.</param>
    /// <param name="window">Steps kept of a campaign, at most 48.</param>
    /// <param name="bytes">Most that all of it may take.</param>
    public RowCache(string model, int window, RowShape shape, long bytes)
    {
        Model = model;
        _bytesPerCampaign = RowCacheShard.BytesPerCampaign(window, shape);
        long campaigns = Math.Min(bytes / _bytesPerCampaign, int.MaxValue / 2);
        // A shard has room for at least 4 campaigns, or there are fewer shards.
        int shards = (int)Math.Clamp(campaigns / 4, 1, Shards);
        _shards = [.. Enumerable.Range(0, shards).Select(i => new RowCacheShard(window, shape, (int)((campaigns + i) / shards)))];
    }

    public string Model { get; }

    /// <summary>What it takes now.</summary>
    public long Bytes => (long)_bytesPerCampaign * _shards.Sum(static shard => shard.Reserved);

    /// <summary>Copies the rows whose keys are the campaign's.</summary>
    /// <param name="first">Step of the first key.</param>
    /// <param name="keys">Of consecutive steps, at most a window.</param>
    /// <param name="floats">Rows of <see cref="RowShape.Floats"/>, one per key.</param>
    /// <param name="doubles">Rows of <see cref="RowShape.Doubles"/>, one per key.</param>
    /// <param name="changed">A bit per key: the step's row is there, under another key.</param>
    /// <returns>A bit per key: its row was copied.</returns>
    public ulong Read(string campaign, int first, ReadOnlySpan<UInt128> keys, Span<float> floats, Span<double> doubles, out ulong changed)
    {
        changed = 0;
        return campaign.Length > LongestId ? 0 : ShardOf(campaign).Read(campaign, first, keys, floats, doubles, out changed);
    }

    /// <summary>Keeps the rows that <paramref name="which"/> has a bit for; the rest as for <see cref="Read"/>.</summary>
    /// <returns>True when another campaign went for it.</returns>
    public bool Write(string campaign, int first, ReadOnlySpan<UInt128> keys, ReadOnlySpan<float> floats, ReadOnlySpan<double> doubles, ulong which)
        => which != 0 && campaign.Length <= LongestId && ShardOf(campaign).Write(campaign, first, keys, floats, doubles, which);

    private RowCacheShard ShardOf(string campaign) => _shards[(uint)string.GetHashCode(campaign) % (uint)_shards.Length];
}

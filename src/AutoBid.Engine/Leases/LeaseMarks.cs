namespace AutoBid.Engine.Leases;

/// <summary>
/// Campaigns that want headroom: a bitmap of three levels, set by any thread without lock or allocation, drained by the refiller in one pass over the
/// set bits only.
/// Invariant: a mark may be told twice, never lost. A setter writes from the bottom up, the drainer clears from the top down. So a bit at the bottom
/// whose upper bits are clear has a setter on its way up, or a drainer on its way down that will still take it. A setter that finds its bit set may
/// leave: before it looked it made an interlocked write (the hold, the count of the refusal), the drainer takes the word by an interlocked exchange
/// before it looks at the campaign, hence it sees that write.
/// </summary>
internal sealed class LeaseMarks
{
    private readonly ChunkedArray<long> _words = new();
    private readonly ChunkedArray<long> _groups = new();
    private readonly ChunkedArray<long> _roots = new();
    private int _rootCount;

    /// <summary>Makes room for campaigns up to <paramref name="count"/>. The drainer's thread.</summary>
    public void EnsureCapacity(int count)
    {
        _words.EnsureCapacity((count + 63) >> 6);
        _groups.EnsureCapacity((count + 4095) >> 12);
        _rootCount = (count + (1 << 18) - 1) >> 18;
        _roots.EnsureCapacity(_rootCount);
    }

    /// <summary>Marks a campaign. Any thread, after an interlocked write of what it is marked for.</summary>
    public void Set(int campaign)
    {
        ref long word = ref _words[campaign >> 6];
        long bit = 1L << (campaign & 63);
        if ((Volatile.Read(ref word) & bit) != 0) return;
        Interlocked.Or(ref word, bit);
        Interlocked.Or(ref _groups[campaign >> 12], 1L << ((campaign >> 6) & 63));
        Interlocked.Or(ref _roots[campaign >> 18], 1L << ((campaign >> 12) & 63));
    }

    /// <summary>Takes every mark, in ascending order of campaigns. One thread.</summary>
    public void Drain(List<int> into)
    {
        for (int root = 0; root < _rootCount; root++)
        {
            if (Volatile.Read(ref _roots[root]) == 0) continue;
            for (long groups = Interlocked.Exchange(ref _roots[root], 0); groups != 0; groups &= groups - 1)
            {
                int group = (root << 6) + System.Numerics.BitOperations.TrailingZeroCount(groups);
                for (long words = Interlocked.Exchange(ref _groups[group], 0); words != 0; words &= words - 1)
                {
                    int word = (group << 6) + System.Numerics.BitOperations.TrailingZeroCount(words);
                    for (long bits = Interlocked.Exchange(ref _words[word], 0); bits != 0; bits &= bits - 1)
                        into.Add((word << 6) + System.Numerics.BitOperations.TrailingZeroCount(bits));
                }
            }
        }
    }
}

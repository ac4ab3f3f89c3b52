using AutoBid.Policies.DecisionTransformer;

namespace AutoBid.Policies.Tests.DecisionTransformer;

public sealed class RowCacheTests
{
    private const int Window = 4;

    private static readonly RowShape Shape = new(Width: 2, PlainNumbers: 1);

    [Fact]
    public void A_row_is_given_out_for_its_own_key_only()
    {
        var cache = new RowCache("gave", Window, Shape, 1 << 20);
        Write(cache, "a", first: 5, 1, 2, 3);
        Assert.Equal(0b111UL, Read(cache, "a", 5, out ulong changed, 1, 2, 3));
        Assert.Equal(0UL, changed);
        Assert.Equal(0b101UL, Read(cache, "a", 5, out changed, 1, 9, 3));
        Assert.Equal(0b010UL, changed);
        // Another step, another campaign: not there, rather than changed.
        Assert.Equal(0UL, Read(cache, "a", 9, out changed, 1, 2, 3));
        Assert.Equal(0UL, changed);
        Assert.Equal(0UL, Read(cache, "b", 5, out _, 1, 2, 3));
    }

    [Fact]
    public void A_step_takes_the_slot_of_the_one_a_window_before_it()
    {
        var cache = new RowCache("gave", Window, Shape, 1 << 20);
        Write(cache, "a", first: 0, 10, 11, 12, 13);
        Write(cache, "a", first: 4, 14);
        Assert.Equal(0b1111UL, Read(cache, "a", 1, out _, 11, 12, 13, 14));
        Assert.Equal(0UL, Read(cache, "a", 0, out _, 10));
    }

    [Fact]
    public void Beyond_its_bytes_the_campaign_goes_that_was_asked_for_longest_ago()
    {
        int each = RowCacheShard.BytesPerCampaign(Window, Shape);
        var cache = new RowCache("gave", Window, Shape, 3 * each + each / 2);
        foreach (string id in (string[])["a", "b", "c"]) Assert.False(Write(cache, id, 0, 1));
        Assert.Equal(1UL, Read(cache, "a", 0, out _, 1));
        Assert.True(Write(cache, "d", 0, 1));
        Assert.Equal([1UL, 0, 1, 1], new[] { "a", "b", "c", "d" }.Select(id => Read(cache, id, 0, out _, 1)));
        // What takes the place of another finds none of its rows.
        Assert.True(Write(cache, "e", 1, 7));
        Assert.Equal(0UL, Read(cache, "e", 0, out ulong changed, 1));
        Assert.Equal(0UL, changed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(500)]
    public void It_never_takes_more_than_it_may(int campaigns)
    {
        int each = RowCacheShard.BytesPerCampaign(Window, Shape);
        var cache = new RowCache("gave", Window, Shape, (campaigns + 1L) * each - 1);
        int evicted = 0;
        for (int i = 0; i < 2000; i++)
        {
            if (Write(cache, "campaign-" + i, 0, 1)) evicted++;
            Assert.True(cache.Bytes <= (long)campaigns * each);
        }

        int kept = Enumerable.Range(0, 2000).Count(i => Read(cache, "campaign-" + i, 0, out _, 1) != 0);
        Assert.True(kept <= campaigns);
        // Shards fill unevenly, but all of them fill.
        Assert.Equal(campaigns, kept);
        Assert.Equal(campaigns == 0 ? 0 : 2000 - kept, evicted);
    }

    [Fact]
    public void What_it_says_that_a_campaign_takes_is_what_it_takes()
    {
        var shape = new RowShape(Width: 29, PlainNumbers: 14);
        const int Campaigns = 5_000;
        string[] ids = [.. Enumerable.Range(0, Campaigns).Select(i => i.ToString("D64", System.Globalization.CultureInfo.InvariantCulture))];
        long before = GC.GetAllocatedBytesForCurrentThread();
        var cache = new RowCache("gave", 12, shape, 1L << 30);
        var floats = new float[shape.Floats];
        var doubles = new double[shape.Doubles];
        foreach (string id in ids) cache.Write(id, 0, [1], floats, doubles, 1);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // The rows are most of it; books are allocated anew as they grow, and the ids are their owners'.
        Assert.InRange(cache.Bytes, allocated * 0.8, allocated * 1.25);
    }

    [Fact]
    public void An_id_longer_than_campaigns_have_is_not_kept()
    {
        var cache = new RowCache("gave", Window, Shape, 1 << 20);
        string id = new('x', RowCache.LongestId + 1);
        Assert.False(Write(cache, id, 0, 1));
        Assert.Equal(0UL, Read(cache, id, 0, out _, 1));
        Assert.Equal(0, cache.Bytes);
    }

    private static bool Write(RowCache cache, string id, int first, params int[] keys)
    {
        float[] floats = [.. keys.SelectMany(key => Enumerable.Range(0, Shape.Floats).Select(i => (float)(100 * key + i)))];
        double[] doubles = [.. keys.SelectMany(key => Enumerable.Range(0, Shape.Doubles).Select(i => 1000.0 * key + i))];
        return cache.Write(id, first, [.. keys.Select(key => (UInt128)key)], floats, doubles, (1UL << keys.Length) - 1);
    }

    /// <summary>What was found, after a look at whether it is what was written.</summary>
    private static ulong Read(RowCache cache, string id, int first, out ulong changed, params int[] keys)
    {
        var floats = new float[keys.Length * Shape.Floats];
        var doubles = new double[keys.Length * Shape.Doubles];
        ulong found = cache.Read(id, first, [.. keys.Select(key => (UInt128)key)], floats, doubles, out changed);
        for (int k = 0; k < keys.Length; k++)
        {
            bool here = (found >> k & 1) != 0;
            for (int i = 0; i < Shape.Floats; i++) Assert.Equal(here ? 100 * keys[k] + i : 0, floats[k * Shape.Floats + i]);
            for (int i = 0; i < Shape.Doubles; i++) Assert.Equal(here ? 1000 * keys[k] + i : 0, doubles[k * Shape.Doubles + i]);
        }

        return found;
    }
}

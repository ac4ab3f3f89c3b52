using System.Text;
using AutoBid.Engine.Campaigns;

namespace AutoBid.Engine.Tests.Campaigns;

public sealed class CampaignIndexTests
{
    [Fact]
    public void An_id_becomes_visible_when_it_is_published()
    {
        var index = new CampaignIndex();
        int first = index.Reserve("c1");
        Assert.False(index.TryFind("c1", out _));
        index.Publish("c1", first);
        Assert.True(index.TryFind("c1", out int found));
        Assert.True(index.TryFind("c1"u8, out int utf8));
        Assert.Equal((first, first, "c1", 1), (found, utf8, index.IdOf(first), index.Count));
        Assert.False(index.TryFind("C1", out _));
        Assert.False(index.TryFind(""u8, out _));
    }

    [Fact]
    public void Ids_are_compared_as_utf8_and_long_ones_are_unknown()
    {
        var index = new CampaignIndex();
        index.Publish("käse:1", index.Reserve("käse:1"));
        Assert.True(index.TryFind(Encoding.UTF8.GetBytes("käse:1"), out _));
        Assert.False(index.TryFind(new string('x', 300), out int none));
        Assert.Equal(-1, none);
    }

    [Fact]
    public void Looking_up_allocates_nothing_and_races_with_growth()
    {
        var index = new CampaignIndex();
        for (int i = 0; i < 1000; i++) index.Publish($"c{i}", index.Reserve($"c{i}"));
        index.TryFind("c7"u8, out _);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 1000; i++) index.TryFind("c77"u8, out _);
        }));

        var writer = Task.Run(() =>
        {
            for (int i = 1000; i < 20_000; i++) index.Publish($"c{i}", index.Reserve($"c{i}"));
        });
        while (!writer.IsCompleted)
        {
            Assert.True(index.TryFind("c999"u8, out int found));
            Assert.Equal(999, found);
        }

        Assert.True(index.TryFind("c19999", out int last));
        Assert.Equal(19_999, last);
    }
}

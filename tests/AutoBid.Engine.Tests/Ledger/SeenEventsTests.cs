using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Ledger;

public sealed class SeenEventsTests
{
    [Fact]
    public void An_identity_is_new_once()
    {
        var seen = new SeenEvents();
        Assert.True(seen.TryAdd(new EventIdentity(1, 1), 100));
        Assert.False(seen.TryAdd(new EventIdentity(1, 1), 200));
        Assert.True(seen.TryAdd(new EventIdentity(1, 2), 100));
        Assert.True(seen.Contains(new EventIdentity(1, 2)));
        seen.Prune(100);
        Assert.Equal(0, seen.Count);
        Assert.True(seen.TryAdd(new EventIdentity(1, 1), 300));
    }

    [Fact]
    public void What_is_kept_depends_on_expiry_alone_not_on_the_order_of_arrival()
        => Prop.ForAll<byte[], byte>((expiries, now) =>
        {
            var seen = new SeenEvents();
            for (int i = 0; i < expiries.Length; i++) seen.TryAdd(new EventIdentity(0, (ulong)i), expiries[i]);
            seen.Prune(now);
            SeenEvent[] kept = [.. seen.Ordered()];
            return kept.SequenceEqual(expiries.Select((e, i) => new SeenEvent(new EventIdentity(0, (ulong)i), e)).Where(e => e.ExpiresTicks > now));
        }).QuickCheckThrowOnFailure();
}

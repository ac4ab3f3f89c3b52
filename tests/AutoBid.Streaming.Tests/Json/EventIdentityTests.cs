using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Engine.Events;
using AutoBid.Streaming.Json;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Streaming.Tests.Json;

public sealed class EventIdentityTests
{
    [Fact]
    public void Field_boundaries_cannot_be_confused()
    {
        Assert.NotEqual(EventIdentities.Of("ab", "c"), EventIdentities.Of("a", "bc"));
        Assert.NotEqual(EventIdentities.Of("a", ""), EventIdentities.Of("", "a"));
        Assert.NotEqual(EventIdentities.Of("a"), EventIdentities.Of("a", ""));
        Assert.Equal(EventIdentities.Of("é", "x"), EventIdentities.Of("é", "x"));
    }

    [Fact]
    public void Moving_a_character_over_a_boundary_changes_the_identity()
        => Prop.ForAll(Arb.From(TestEvents.Spend), e =>
        {
            if (e.Lease > 0 || e.Auction!.Length < 2 || char.IsSurrogate(e.Auction[^1])) return true;
            EngineEvent moved = e;
            moved.Imp = e.Auction[^1] + e.Imp;
            moved.Auction = e.Auction[..^1];
            return EventIdentities.Of(e) != EventIdentities.Of(moved);
        }).Check(Checks.Config);

    [Fact]
    public void An_own_bid_is_the_same_event_on_every_channel()
    {
        EngineEvent burl = TestEvents.Bill("c1", 1);
        (burl.Lease, burl.Seq, burl.Via) = (7, 9, BillingChannel.Burl);
        EngineEvent stream = burl;
        (stream.Via, stream.Auction, stream.Bid, stream.AmountNanos) = (BillingChannel.Stream, "other", null, 5);
        Assert.Equal(EventIdentities.Of(burl), EventIdentities.Of(stream));
        stream.Kind = EventKind.Win;
        Assert.NotEqual(EventIdentities.Of(burl), EventIdentities.Of(stream));
    }

    [Fact]
    public void Tenants_revisions_and_adjustments_are_told_apart()
    {
        EngineEvent bill = TestEvents.Bill("c1", 1);
        EngineEvent other = bill;
        other.TenantId = "t2";
        Assert.NotEqual(EventIdentities.Of(bill), EventIdentities.Of(other));

        var conversion = new EngineEvent { Kind = EventKind.Restate, TenantId = "t", Source = "shop", Auction = "o1", Count = 1 };
        EngineEvent later = conversion;
        later.Count = 2;
        Assert.NotEqual(EventIdentities.Of(conversion), EventIdentities.Of(later));

        foreach (long lease in new[] { 0L, 4L })
        {
            EngineEvent first = bill;
            (first.Kind, first.Lease, first.Id) = (EventKind.Adjust, lease, "x1");
            EngineEvent second = first;
            second.Id = "x2";
            Assert.NotEqual(EventIdentities.Of(first), EventIdentities.Of(second));
        }
    }

    [Fact]
    public void Two_campaigns_may_report_the_same_impression()
    {
        var one = new EngineEvent { Kind = EventKind.Opportunity, TenantId = "t", Source = "adx", Auction = "a", Imp = "1", CampaignId = "c1" };
        EngineEvent two = one;
        two.CampaignId = "c2";
        Assert.NotEqual(EventIdentities.Of(one), EventIdentities.Of(two));
    }

    [Fact]
    public void An_identity_is_the_sha_256_of_the_length_prefixed_key()
    {
        EngineEvent bill = TestEvents.Bill("c1", 1);
        byte[] key = [.. Field("default"), .. Field("adx"), .. Field("auction-1"), .. Field("1"), .. Field("bid-1"), .. Field("bill")];
        byte[] hash = SHA256.HashData(key);
        Assert.Equal(new EventIdentity(BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash.AsSpan(8))), EventIdentities.Of(bill));
        Assert.Equal(EventIdentities.Of("default", "adx", "auction-1", "1", "bid-1", "bill"), EventIdentities.Of(bill));

        static byte[] Field(string text) => [0, 0, 0, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];
    }

    [Fact]
    public void Many_at_once_have_the_identities_of_each_by_itself()
        => Prop.ForAll(Arb.From(TestEvents.Any.ArrayOf()), events =>
        {
            EngineEvent[] filled = [.. events];
            new IdentityBatch().Fill(filled);
            return events.Zip(filled).All(pair => EventIdentities.Of(pair.First) == pair.Second.Identity);
        }).Check(Checks.Config);

    [Fact]
    public void Keys_of_every_length_around_the_blocks_are_hashed_alike()
    {
        // Past 1,024 bytes too: three-byte letters.
        foreach (string letter in (string[])["a", "\u65e5"])
        {
            EngineEvent[] events = [.. Enumerable.Range(1, 256).Select(n => TestEvents.Bill("c1", n) with { Auction = string.Concat(Enumerable.Repeat(letter, n)), Identity = default })];
            new IdentityBatch().Fill(events);
            foreach (EngineEvent e in events)
            {
                Assert.Equal(EventIdentities.Of("default", "adx", e.Auction, "1", e.Bid, "bill"), e.Identity);
                Assert.Equal(e.Identity, EventIdentities.Of(e));
            }
        }
    }
}

using System.Text;
using AutoBid.OpenRtb.Notices;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.OpenRtb.Tests.Notices;

public sealed class NoticeTokenTests
{
    private const long Now = 1_780_000_000_000;

    [Fact]
    public void Any_token_comes_back_as_it_was()
        => Prop.ForAll<(long Lease, long Seq, long Bid, long Value), NonNull<string>, int>((numbers, text, day) =>
        {
            byte[] name = Encoding.UTF8.GetBytes(text.Get);
            if (name.Length > 255) name = name[..255];
            string written = Write(Keys(1, 1), name, numbers.Lease, numbers.Seq, numbers.Bid, numbers.Value, day, Now);
            NoticeTokenStatus status = new NoticeTokenReader(Keys(1, 1)).Read(written, Now, new byte[NoticeToken.MaxBytes], out NoticeToken token);
            return status == NoticeTokenStatus.Valid && token.Lease == numbers.Lease && token.Seq == numbers.Seq && token.BidNanos == numbers.Bid
                && token.ValueE9 == numbers.Value && token.Day == day && token.BidTime == Now - 1 && token.Expiry == Now
                && token.Exchange.SequenceEqual("exch"u8) && token.Campaign.SequenceEqual(name) && token.Auction.SequenceEqual(name)
                && token.Imp.SequenceEqual("7"u8);
        }).Check(Checks.Config);

    [Fact]
    public void Any_flipped_bit_of_the_text_is_invalid()
    {
        string written = Write(Keys(1, 1), "auction-1"u8, 5, 6, 7, 8, 20260701, Now);
        var reader = new NoticeTokenReader(Keys(1, 1));
        byte[] buffer = new byte[NoticeToken.MaxBytes];
        for (int i = 0; i < written.Length; i++)
        {
            for (int bit = 0; bit < 16; bit++)
            {
                char[] changed = written.ToCharArray();
                changed[i] ^= (char)(1 << bit);
                Assert.Equal(NoticeTokenStatus.Invalid, reader.Read(changed, Now, buffer, out _));
            }
        }

        Assert.Equal(NoticeTokenStatus.Valid, reader.Read(written, Now, buffer, out _));
    }

    [Fact]
    public void Truncated_prolonged_padded_and_spaced_texts_are_invalid()
    {
        string written = Write(Keys(1, 1), "a"u8, 5, 6, 7, 8, 20260701, Now);
        var reader = new NoticeTokenReader(Keys(1, 1));
        byte[] buffer = new byte[NoticeToken.MaxBytes];
        for (int length = 0; length < written.Length; length++)
            Assert.Equal(NoticeTokenStatus.Invalid, reader.Read(written.AsSpan(0, length), Now, buffer, out _));
        foreach (string text in new[] { written + "A", written + "=", written + "==", written + " ", " " + written, written.Insert(9, "\n"), new string('A', 5000), "ü" })
            Assert.Equal(NoticeTokenStatus.Invalid, reader.Read(text, Now, buffer, out _));
    }

    [Fact]
    public void Random_texts_are_invalid_and_never_throw()
        => Prop.ForAll<NonNull<string>>(text =>
            new NoticeTokenReader(Keys(1, 1)).Read(text.Get, Now, new byte[NoticeToken.MaxBytes], out _) == NoticeTokenStatus.Invalid).Check(Checks.Config);

    [Fact]
    public void A_token_is_valid_to_its_expiry_and_expired_after_it()
    {
        string written = Write(Keys(1, 1), "a"u8, 5, 6, 900, 8, 20260701, Now);
        var reader = new NoticeTokenReader(Keys(1, 1));
        byte[] buffer = new byte[NoticeToken.MaxBytes];
        Assert.Equal(NoticeTokenStatus.Valid, reader.Read(written, Now, buffer, out _));
        Assert.Equal(NoticeTokenStatus.Expired, reader.Read(written, Now + 1, buffer, out NoticeToken token));
        Assert.Equal(900, token.BidNanos);
        Assert.Equal("5-6", token.BidText);
    }

    [Fact]
    public void Tokens_of_an_older_key_stay_valid_until_the_key_is_dropped()
    {
        string old = Write(Keys(1, 1), "a"u8, 5, 6, 7, 8, 20260701, Now);
        byte[] buffer = new byte[NoticeToken.MaxBytes];
        Assert.Equal(NoticeTokenStatus.Valid, new NoticeTokenReader(Keys(2, 1, 2)).Read(old, Now, buffer, out _));
        Assert.Equal(NoticeTokenStatus.Invalid, new NoticeTokenReader(Keys(2, 2)).Read(old, Now, buffer, out _));
        Assert.NotEqual(old, Write(Keys(2, 1, 2), "a"u8, 5, 6, 7, 8, 20260701, Now));
    }

    [Fact]
    public void Another_secret_under_the_same_id_is_invalid()
    {
        string written = Write(Keys(1, 1), "a"u8, 5, 6, 7, 8, 20260701, Now);
        var other = new NoticeKeys(new Dictionary<byte, byte[]> { [1] = new byte[32] }, 1);
        Assert.Equal(NoticeTokenStatus.Invalid, new NoticeTokenReader(other).Read(written, Now, new byte[NoticeToken.MaxBytes], out _));
    }

    [Fact]
    public void The_longest_token_fits_the_stated_sizes()
    {
        byte[] name = new byte[255];
        Array.Fill(name, (byte)'x');
        using var writer = new NoticeTokenWriter(Keys(1, 1));
        byte[] text = new byte[NoticeToken.MaxTextLength];
        int length = writer.Write(new NoticeToken { Exchange = name, Campaign = name, Auction = name, Imp = name, Lease = -1, Seq = -1, BidNanos = 1, ValueE9 = 1, BidTime = 1, Day = 1, Expiry = Now }, text);
        Assert.Equal(NoticeToken.MaxTextLength, length);
        NoticeTokenStatus status = new NoticeTokenReader(Keys(1, 1)).Read(Encoding.ASCII.GetString(text), Now, new byte[NoticeToken.MaxBytes], out _);
        Assert.Equal(NoticeTokenStatus.Valid, status);
    }

    [Fact]
    public void Oversized_texts_short_secrets_and_missing_current_keys_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Write(Keys(1, 1), new byte[256], 1, 1, 1, 1, 1, Now));
        Assert.Throws<ArgumentException>(() => new NoticeKeys(new Dictionary<byte, byte[]> { [1] = new byte[15] }, 1));
        Assert.Throws<ArgumentException>(() => Keys(3, 1, 2));
    }

    private static NoticeKeys Keys(byte current, params byte[] ids)
        => new(ids.ToDictionary(id => id, id => Encoding.UTF8.GetBytes($"secret number {id}, thirty-two bytes")), current);

    private static string Write(NoticeKeys keys, ReadOnlySpan<byte> name, long lease, long seq, long bid, long value, int day, long expiry)
    {
        using var writer = new NoticeTokenWriter(keys);
        Span<byte> text = stackalloc byte[NoticeToken.MaxTextLength];
        int length = writer.Write(new NoticeToken
        {
            Exchange = "exch"u8,
            Campaign = name,
            Auction = name,
            Imp = "7"u8,
            Lease = lease,
            Seq = seq,
            BidNanos = bid,
            ValueE9 = value,
            BidTime = expiry - 1,
            Day = day,
            Expiry = expiry,
        }, text);
        return Encoding.ASCII.GetString(text[..length]);
    }
}

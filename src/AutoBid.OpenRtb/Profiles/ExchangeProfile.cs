using System.Text;
using System.Text.Json;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Reading;

namespace AutoBid.OpenRtb.Profiles;

/// <summary>What is particular to one exchange. Immutable.</summary>
public sealed class ExchangeProfile
{
    /// <summary>Name of the profile used for exchanges without their own.</summary>
    public const string DefaultName = "default";

    private readonly TimeSpan[] _lossAssumedAfter;

    /// <param name="name">1 to 255 UTF-8 bytes; part of event identities.</param>
    /// <param name="lossAssumedAfter">How long after a bid without a notice its hold ends, per mtype; missing types take 5 minutes, video and audio 30.</param>
    /// <exception cref="ArgumentException">Name or seat too long, a time not above zero, an mtype outside 1 to 4, or a billing URL that bids do not carry.</exception>
    public ExchangeProfile(string name, BillingSource billingSource = BillingSource.Burl, CurrencyCode currency = default, string? seat = null,
        bool supportsMinimumToWin = false, NoticeChannels channels = NoticeChannels.All, IReadOnlyDictionary<int, TimeSpan>? lossAssumedAfter = null)
    {
        NameUtf8 = Encoding.UTF8.GetBytes(name);
        if (NameUtf8.Length is 0 or > RequestLimits.IdBytes) throw new ArgumentException($"A profile's name has 1 to {RequestLimits.IdBytes} bytes.", nameof(name));
        if (billingSource == BillingSource.Burl && !channels.HasFlag(NoticeChannels.Burl)) throw new ArgumentException($"Profile {name} bills by burl but sends none.", nameof(channels));
        if (billingSource == BillingSource.Nurl && !channels.HasFlag(NoticeChannels.Nurl)) throw new ArgumentException($"Profile {name} bills by nurl but sends none.", nameof(channels));
        Name = name;
        BillingSource = billingSource;
        Currency = currency.IsNone ? CurrencyCode.Usd : currency;
        Seat = string.IsNullOrEmpty(seat) ? null : seat;
        SeatUtf8 = Seat is null ? [] : Encoding.UTF8.GetBytes(Seat);
        if (SeatUtf8.Length > RequestLimits.IdBytes) throw new ArgumentException($"The seat of profile {name} is longer than {RequestLimits.IdBytes} bytes.", nameof(seat));
        SeatJson = Seat is null ? [] : Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(Seat)}\"");
        SupportsMinimumToWin = supportsMinimumToWin;
        Channels = channels;
        TimeSpan brief = TimeSpan.FromMinutes(5), stream = TimeSpan.FromMinutes(30);
        _lossAssumedAfter = [brief, brief, stream, stream, brief];
        foreach ((int markupType, TimeSpan after) in lossAssumedAfter ?? new Dictionary<int, TimeSpan>())
        {
            if (markupType is < 1 or > 4) throw new ArgumentException($"Profile {name}: mtype {markupType} is not 1 to 4.", nameof(lossAssumedAfter));
            if (after <= TimeSpan.Zero) throw new ArgumentException($"Profile {name}: lossAssumedAfter must be above zero.", nameof(lossAssumedAfter));
            _lossAssumedAfter[markupType] = after;
        }
    }

    /// <summary>burl, 5 minutes for banner and native, 30 for video and audio, USD, no seat, all notice URLs.</summary>
    public static ExchangeProfile Default { get; } = new(DefaultName);

    public string Name { get; }

    /// <summary>The name for notice tokens.</summary>
    public byte[] NameUtf8 { get; }

    public BillingSource BillingSource { get; }

    /// <summary>Currency of prices on channels that do not state one.</summary>
    public CurrencyCode Currency { get; }

    /// <summary>Buyer seat under which bids go out; null for none.</summary>
    public string? Seat { get; }

    /// <summary>The seat for <see cref="BidRequest.AllowsSeat"/>; empty for none.</summary>
    public byte[] SeatUtf8 { get; }

    /// <summary>The seat as JSON string with quotes; empty for none.</summary>
    public byte[] SeatJson { get; }

    /// <summary>True when the exchange substitutes ${AUCTION_MIN_TO_WIN} with the minimum to win (own bid removed), which then teaches the response curve.</summary>
    public bool SupportsMinimumToWin { get; }

    /// <summary>Notice URLs put into bids.</summary>
    public NoticeChannels Channels { get; }

    /// <summary>Longest time after which a bid of any kind counts as lost.</summary>
    public TimeSpan LongestLossAssumedAfter => _lossAssumedAfter.Max();

    /// <summary>Time after the bid at which, without a notice, its hold ends.</summary>
    /// <param name="markupType">mtype 1 to 4.</param>
    public TimeSpan LossAssumedAfter(int markupType) => _lossAssumedAfter[markupType];
}

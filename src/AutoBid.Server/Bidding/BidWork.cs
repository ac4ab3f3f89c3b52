using AutoBid.Core.Time;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Writing;
using AutoBid.Server.Auth;

namespace AutoBid.Server.Bidding;

/// <summary>The reusable objects and the running state of one bid request in work.</summary>
public sealed class BidWork(NoticeKeys keys) : IDisposable
{
    private Priced[] _priced = new Priced[16];
    private int _count;

    public BidRequest Request { get; } = new();

    public BidResponseWriter Response { get; } = new();

    public NoticeTokenWriter Tokens { get; } = new(keys);

    public byte[] TokenText { get; } = new byte[NoticeToken.MaxTextLength];

    public Caller Caller { get; private set; } = Caller.Open;

    public ExchangeProfile Profile { get; private set; } = ExchangeProfile.Default;

    /// <summary>Event time of the request, UTC ticks.</summary>
    public long NowTicks { get; private set; }

    /// <summary>The same instant on the clock of leases.</summary>
    public long LeaseNowTicks { get; private set; }

    public CurrencyRates Rates { get; private set; } = CurrencyRates.Empty;

    /// <summary>Currency of the answer; none until the first bid.</summary>
    public CurrencyCode Currency { get; set; }

    /// <summary>Why the last candidate dropped out: the answer's nbr when nothing is bid.</summary>
    public NoBidReason Reason { get; set; }

    /// <summary>The candidates of the impression in work.</summary>
    public Span<Priced> Priced => _priced.AsSpan(0, _count);

    /// <summary>Begins a request that was read into <see cref="Request"/>.</summary>
    public void Begin(Caller caller, ExchangeProfile profile, EngineInstant now, CurrencyRates rates)
    {
        Caller = caller;
        Profile = profile;
        NowTicks = now.EventTicks;
        LeaseNowTicks = now.LeaseTicks;
        Rates = rates;
        Currency = default;
        Reason = NoBidReason.NoCandidates;
    }

    /// <summary>Room for the candidates of the next impression.</summary>
    public void BeginImp(int candidates)
    {
        if (_priced.Length < candidates) _priced = new Priced[Math.Max(candidates, _priced.Length * 2)];
        _count = candidates;
        Priced.Clear();
    }

    public void Dispose() => Tokens.Dispose();
}

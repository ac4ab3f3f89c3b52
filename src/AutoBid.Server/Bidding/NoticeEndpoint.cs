using AutoBid.Engine;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;
using AutoBid.Server.Hosting;
using AutoBid.Server.Metrics;
using AutoBid.Streaming.Json;

namespace AutoBid.Server.Bidding;

/// <summary>
/// <c>GET|POST /openrtb2/notice/{win|bill|loss}</c>: the same events as on the stream. 200 only after a durable append; 400 with an empty body on a bad
/// token; 503 when the log cannot be written. The token is the authorisation.
/// </summary>
public sealed class NoticeEndpoint(
    AutoBidEngine engine, IEventLog log, NoticeKeys keys, ExchangeProfiles profiles, CurrencyTable rates, Readiness readiness, ServerMetrics metrics, TimeProvider monotonic)
{
    private readonly NoticeTokenReader _reader = new(keys);

    public async Task HandleAsync(HttpContext http, NoticeKind kind)
    {
        long started = monotonic.GetTimestamp();
        (int status, string result) = await AcceptAsync(http, kind).ConfigureAwait(false);
        http.Response.StatusCode = status;
        metrics.RecordNotice(kind, result, monotonic.GetElapsedTime(started));
    }

    private async ValueTask<(int Status, string Result)> AcceptAsync(HttpContext http, NoticeKind kind)
    {
        if (!NoticeQuery.TryParse(http.Request.QueryString.Value, out NoticeQuery query, out _)) return (StatusCodes.Status400BadRequest, "malformed");
        NoticeTokenStatus verdict = TryDecode(query, kind, out EngineEvent spend, out EngineEvent? signal, out bool isAtBid);
        if (verdict == NoticeTokenStatus.Invalid) return (StatusCodes.Status400BadRequest, "bad-token");
        if (query.Price == NoticePrice.Audit) return (StatusCodes.Status200OK, "audit");
        // The settings say whose campaign it is; while they are being read, the exchange must come again.
        if (!readiness.IsStarted) return (StatusCodes.Status503ServiceUnavailable, "starting");
        try
        {
            if (verdict == NoticeTokenStatus.Expired)
            {
                spend.Partition = -1;
                spend.Offset = -1;
                await log.RejectAsync([new RejectedEvent(spend, "too-old")], http.RequestAborted).ConfigureAwait(false);
                return (StatusCodes.Status200OK, "too-old");
            }

            EngineEvent[] events = signal is { } market ? [spend, market] : [spend];
            await log.AppendAsync(events, http.RequestAborted).ConfigureAwait(false);
            return (StatusCodes.Status200OK, isAtBid ? "at-bid" : "applied");
        }
        catch (EventLogUnavailableException)
        {
            return (StatusCodes.Status503ServiceUnavailable, "log-unavailable");
        }
    }

    private NoticeTokenStatus TryDecode(NoticeQuery query, NoticeKind kind, out EngineEvent spend, out EngineEvent? signal, out bool isAtBid)
    {
        spend = default;
        signal = null;
        isAtBid = false;
        Span<byte> buffer = stackalloc byte[NoticeToken.MaxBytes];
        long now = engine.NowTicks;
        NoticeTokenStatus verdict = _reader.Read(query.Token, (now - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond, buffer, out NoticeToken token);
        if (verdict == NoticeTokenStatus.Invalid) return verdict;

        string campaign = token.CampaignText, exchange = token.ExchangeText;
        profiles.TryGet(exchange, out ExchangeProfile profile);
        bool isKnown = engine.Index.TryFind(token.Campaign, out int index);
        var settings = isKnown ? engine.SettingsOf(index) : null;
        CurrencyCode account = settings is not null && CurrencyCode.TryParse(settings.Currency.AsSpan(), out CurrencyCode own) ? own : CurrencyCode.Usd;
        CurrencyCode stated = query.Currency.IsNone ? profile.Currency.IsNone ? account : profile.Currency : query.Currency;
        CurrencyRates day = rates.ForDay(token.Day);
        // Without a price, or in a currency without a rate, the bid stands in: it is the most that the exchange may ask, and nothing is lost.
        bool isStated = day.TryConvertPrice(query.PriceNanos, stated, account, out long price) && query.Price == NoticePrice.Stated;
        if (!isStated) price = token.BidNanos;
        isAtBid = !isStated && kind == NoticeKind.Bill;

        long bidTicks = DateTime.UnixEpoch.Ticks + token.BidTime * TimeSpan.TicksPerMillisecond;
        EventKind what = KindOf(kind, profile.BillingSource);
        spend = new EngineEvent
        {
            Kind = what,
            Via = kind == NoticeKind.Win ? BillingChannel.Nurl : BillingChannel.Burl,
            TenantId = settings?.TenantId ?? Auth.Caller.DefaultTenant,
            CampaignId = campaign,
            TimeTicks = Math.Max(now, bidTicks),
            OriginTicks = bidTicks,
            AmountNanos = what == EventKind.Loss ? 0 : price,
            Lease = token.Lease,
            Seq = token.Seq,
            Source = exchange,
            Auction = token.AuctionText,
            Imp = token.ImpText,
            Bid = token.BidText,
        };
        spend.Identity = EventIdentities.Of(spend);
        if (what == EventKind.Win) return verdict;

        // The notice that settles (or says lost) also tells the market: one signal for each bid that was sent.
        long minimum = -1;
        if (query.MinimumToWinNanos is { } least && day.TryConvertPrice(least, stated, account, out long converted)) minimum = converted;
        EngineEvent market = spend with { Kind = EventKind.Opportunity, TimeTicks = bidTicks, OriginTicks = 0, AmountNanos = 0 };
        market.ValueE9 = token.ValueE9;
        market.MarketNanos = minimum;
        market.Flag = what == EventKind.Bill;
        market.Identity = EventIdentities.Of(market);
        signal = market;
        return verdict;
    }

    /// <summary>A win notice bills where the profile says so; elsewhere it is only recorded.</summary>
    private static EventKind KindOf(NoticeKind kind, BillingSource billing) => kind switch
    {
        NoticeKind.Loss => EventKind.Loss,
        NoticeKind.Bill => EventKind.Bill,
        _ => billing == BillingSource.Nurl ? EventKind.Bill : EventKind.Win,
    };
}

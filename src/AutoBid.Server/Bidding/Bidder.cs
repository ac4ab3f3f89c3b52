using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Engine;
using AutoBid.Engine.Bidding;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Deals;
using AutoBid.OpenRtb.Markup;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Writing;
using AutoBid.Server.Metrics;

namespace AutoBid.Server.Bidding;

/// <summary>
/// One OpenRTB request to one answer: for each impression the candidate with the highest price that finds headroom. Completes synchronously and
/// without allocation; only the deterministic engine awaits, when a bid needs a refill before it can be answered.
/// </summary>
public sealed class Bidder(AutoBidEngine engine, NoticeUrl notices, ServerMetrics metrics)
{
    /// <summary>How long a notice still settles. After the hold ended it is an adjustment, but it is never lost.</summary>
    private static readonly long TokenLifeMs = (long)TimeSpan.FromHours(72).TotalMilliseconds;

    private static readonly long UnixEpochTicks = DateTime.UnixEpoch.Ticks;

    /// <summary>Fills the work's response: bids, or a no-bid with the reason of the last candidate.</summary>
    public async ValueTask AnswerAsync(BidWork work, CancellationToken cancellation)
    {
        BidRequest request = work.Request;
        if (!request.AllowsSeat(work.Profile.SeatUtf8))
        {
            work.Response.WriteNoBid(request, NoBidReason.Seat);
            return;
        }

        for (int imp = 0; imp < request.Imps.Length; imp++)
        {
            PriceAll(work, imp);
            while (!Place(work, imp, out int candidate))
            {
                Priced lacking = work.Priced[candidate];
                if (await engine.RefillForAsync(lacking.Campaign, lacking.Offer.PriceNanos, cancellation).ConfigureAwait(false)) continue;
                Drop(work, candidate, NoBidReason.Lease);
            }
        }

        if (work.Currency.IsNone) work.Response.WriteNoBid(request, work.Reason);
        else work.Response.End();
    }

    private void PriceAll(BidWork work, int index)
    {
        BidRequest request = work.Request;
        ref readonly Imp imp = ref request.Imps[index];
        work.BeginImp(imp.CandidateCount);
        for (int c = 0; c < imp.CandidateCount; c++)
        {
            ref readonly Candidate candidate = ref request.Candidates[imp.CandidateStart + c];
            NoBidReason reason = Price(work, imp, candidate, ref work.Priced[c]);
            if (!work.Priced[c].Offer.IsBid) Drop(work, c, reason);
        }
    }

    private NoBidReason Price(BidWork work, in Imp imp, in Candidate candidate, ref Priced priced)
    {
        BidRequest request = work.Request;
        if (!engine.Index.TryFind(request.Text(candidate.Campaign), out int campaign) || engine.SettingsOf(campaign) is not { } settings)
            return NoBidReason.UnknownCampaign;
        if (!work.Caller.MayActFor(settings.TenantId)) return NoBidReason.Tenant;
        if (candidate.Value > BidDesk.LargestValue) return NoBidReason.InvalidRequest;
        if (!MarkupRules.TryResolve(imp, candidate, out int markup, out NoBidReason reason)) return reason;
        CurrencyCode account = AccountCurrency(settings);
        if (!FloorRules.TryResolve(request, imp, candidate, account, work.Rates, out EffectiveFloor floor, out reason)) return reason;

        priced.Campaign = campaign;
        priced.Floor = floor;
        priced.MarkupType = markup;
        priced.Offer = engine.Bids.Price(new BidQuery(campaign, candidate.Value, floor.FloorNanos, floor.IsDeal), work.NowTicks);
        return priced.Offer.IsBid ? NoBidReason.UnknownError : NoBidOf(priced.Offer.Reasons);
    }

    /// <summary>Bids with the highest price that finds headroom. False: candidate <paramref name="shortOf"/> needs a refill first.</summary>
    private bool Place(BidWork work, int imp, out int shortOf)
    {
        Span<Priced> priced = work.Priced;
        while ((shortOf = Highest(priced)) >= 0)
        {
            ref Priced winner = ref priced[shortOf];
            CurrencyCode account = AccountCurrency(engine.SettingsOf(winner.Campaign)!);
            CurrencyCode currency = work.Currency;
            if ((currency.IsNone && !AnswerCurrency.TryChoose(work.Request, account, work.Rates, out currency))
                || !work.Rates.TryConvertBid(winner.Offer.PriceNanos, account, currency, out long price) || price <= 0)
            {
                Drop(work, shortOf, NoBidReason.Currency);
                continue;
            }

            if (!engine.Bids.TryHold(winner.Campaign, ref winner.Offer, work.LeaseNowTicks, work.Profile.LossAssumedAfter(winner.MarkupType).Ticks))
            {
                if (engine.RefillsOnDemand) return false;
                Drop(work, shortOf, NoBidReason.Lease);
                continue;
            }

            if (work.Currency.IsNone) work.Response.Begin(work.Request, currency, work.Profile.SeatJson);
            work.Currency = currency;
            Write(work, imp, shortOf, price);
            metrics.CountCandidate("bid");
            for (int c = 0; c < priced.Length; c++)
                if (c != shortOf && priced[c].Offer.IsBid) metrics.CountCandidate(NoBidReasons.Label(NoBidReason.OutbidInside));
            return true;
        }

        return true;
    }

    private void Write(BidWork work, int impIndex, int candidateInImp, long price)
    {
        BidRequest request = work.Request;
        ref readonly Imp imp = ref request.Imps[impIndex];
        int candidate = imp.CandidateStart + candidateInImp;
        ref readonly Priced winner = ref work.Priced[candidateInImp];
        long bidTime = (work.NowTicks - UnixEpochTicks) / TimeSpan.TicksPerMillisecond;
        int length = work.Tokens.Write(
            new NoticeToken
            {
                Exchange = work.Profile.NameUtf8,
                Campaign = request.Text(request.Candidates[candidate].Campaign),
                Auction = request.Text(request.Id),
                Imp = request.Text(imp.Id),
                Lease = winner.Offer.Held.LeaseId,
                Seq = winner.Offer.Held.Seq,
                BidNanos = winner.Offer.PriceNanos,
                ValueE9 = winner.Offer.ValueE9,
                BidTime = bidTime,
                Day = winner.Offer.Held.Day,
                Expiry = bidTime + TokenLifeMs,
            },
            work.TokenText);
        work.Response.AddBid(new OutgoingBid
        {
            Imp = impIndex,
            Candidate = candidate,
            Deal = winner.Floor.Deal,
            MarkupType = winner.MarkupType,
            PriceNanos = price,
            Lease = winner.Offer.Held.LeaseId,
            Seq = winner.Offer.Held.Seq,
            Notices = notices,
            Channels = work.Profile.Channels,
            Token = work.TokenText.AsSpan(0, length),
        });
    }

    private void Drop(BidWork work, int candidate, NoBidReason reason)
    {
        work.Priced[candidate].Offer.PriceNanos = 0;
        work.Reason = reason;
        metrics.CountCandidate(NoBidReasons.Label(reason));
    }

    /// <summary>Index of the highest price, the first of equals; -1: none bids.</summary>
    private static int Highest(ReadOnlySpan<Priced> priced)
    {
        int best = -1;
        long highest = 0;
        for (int c = 0; c < priced.Length; c++)
            if (priced[c].Offer.PriceNanos > highest) (best, highest) = (c, priced[c].Offer.PriceNanos);
        return best;
    }

    private static CurrencyCode AccountCurrency(Campaign settings)
        => CurrencyCode.TryParse(settings.Currency.AsSpan(), out CurrencyCode code) ? code : CurrencyCode.Usd;

    /// <summary>The reason that an answer gives for a candidate whose price the guard refused.</summary>
    public static NoBidReason NoBidOf(GuardReasons reasons) => reasons switch
    {
        _ when (reasons & GuardReasons.Paused) != 0 => NoBidReason.Paused,
        _ when (reasons & GuardReasons.Schedule) != 0 => NoBidReason.Schedule,
        _ when (reasons & GuardReasons.Budget) != 0 => NoBidReason.Budget,
        _ when (reasons & GuardReasons.DealFloor) != 0 => NoBidReason.DealFloor,
        _ when (reasons & GuardReasons.Floor) != 0 => NoBidReason.Floor,
        _ when (reasons & GuardReasons.StaleMultiplier) != 0 => NoBidReason.StaleMultiplier,
        _ => NoBidReason.ZeroPrice,
    };
}

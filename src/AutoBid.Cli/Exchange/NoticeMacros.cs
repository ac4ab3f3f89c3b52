using System.Text;
using AutoBid.OpenRtb.Writing;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange;

/// <summary>Substitution of OpenRTB macros in notice URLs.</summary>
internal static class NoticeMacros
{
    /// <summary>AUCTION_LOSS of a bid that won.</summary>
    public const int Won = 0;

    /// <summary>AUCTION_LOSS of a bid below the floor.</summary>
    public const int BelowFloor = 100;

    /// <summary>AUCTION_LOSS of a bid that a higher one beat.</summary>
    public const int LostToHigherBid = 102;

    /// <summary>The notices that a resolved bid is due, macros replaced: win and bill, or loss; a channel that the bid does not name is not wanted.</summary>
    public static IEnumerable<string> NoticesOf(BidAnswer answer, MarketOpportunity opportunity, MarketAnswer bid, MarketOutcome outcome, string auction)
    {
        if (!outcome.Won)
        {
            int loss = bid.PriceNanos < opportunity.FloorNanos ? BelowFloor : LostToHigherBid;
            if (answer.LossUrl is { } lossUrl) yield return Substitute(lossUrl, outcome.MinimumToWinNanos, outcome.MinimumToWinNanos, loss, auction, answer.BidId);
            yield break;
        }

        if (answer.WinUrl is { } winUrl) yield return Substitute(winUrl, outcome.PriceNanos, outcome.MinimumToWinNanos, Won, auction, answer.BidId);
        if (answer.BillUrl is { } billUrl) yield return Substitute(billUrl, outcome.PriceNanos, outcome.MinimumToWinNanos, Won, auction, answer.BidId);
    }

    /// <summary>The URL with every known macro replaced; macros that this exchange does not support become empty, as the specification demands.</summary>
    /// <param name="priceNanos">Clearing price, nanos per impression; written as CPM.</param>
    /// <param name="minimumToWinNanos">Nanos per impression; written as CPM.</param>
    public static string Substitute(string url, long priceNanos, long minimumToWinNanos, int loss, string auction, string bidId)
    {
        int next = url.IndexOf("${AUCTION_", StringComparison.Ordinal);
        if (next < 0) return url;
        var text = new StringBuilder(url.Length + 16);
        int done = 0;
        while (next >= 0)
        {
            int end = url.IndexOf('}', next);
            if (end < 0) break;
            text.Append(url, done, next - done);
            switch (url.AsSpan(next + 2, end - next - 2))
            {
                case "AUCTION_PRICE": AppendCpm(text, priceNanos); break;
                case "AUCTION_CURRENCY": text.Append("USD"); break;
                case "AUCTION_LOSS": text.Append(loss); break;
                case "AUCTION_MIN_TO_WIN": AppendCpm(text, minimumToWinNanos); break;
                case "AUCTION_ID": text.Append(Uri.EscapeDataString(auction)); break;
                case "AUCTION_BID_ID": text.Append(Uri.EscapeDataString(bidId)); break;
                case "AUCTION_IMP_ID": text.Append('1'); break;
            }

            done = end + 1;
            next = url.IndexOf("${AUCTION_", done, StringComparison.Ordinal);
        }

        return text.Append(url, done, url.Length - done).ToString();
    }

    private static void AppendCpm(StringBuilder text, long nanos)
    {
        Span<byte> cpm = stackalloc byte[CpmText.MaxLength];
        int length = CpmText.Write(nanos, cpm);
        for (int i = 0; i < length; i++) text.Append((char)cpm[i]);
    }
}

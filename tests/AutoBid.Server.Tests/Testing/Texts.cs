using System.Globalization;

namespace AutoBid.Server.Tests.Testing;

/// <summary>Bodies and URLs of the tests.</summary>
internal static class Texts
{
    private static int _next;

    /// <summary>An id that no other test has.</summary>
    public static string NewId(string prefix = "c") => $"{prefix}-{Interlocked.Increment(ref _next)}";

    /// <summary>A TargetCpa campaign under the constant policy: at multiplier 1 it bids target x value.</summary>
    /// <param name="fields">Further fields, each with a comma in front.</param>
    public static string Campaign(string id, string fields = "", decimal budget = 100, decimal target = 100)
        => $$"""{"id":"{{id}}","objective":"TargetCpa","dailyBudget":{{Text(budget)}},"target":{{Text(target)}},"policy":"constant","mode":"SpendFirst"{{fields}}}""";

    public static string Candidate(string campaign, double value = 0.0005, string fields = "")
        => $$"""{"campaign":"{{campaign}}","value":{{value.ToString("R", CultureInfo.InvariantCulture)}},"crid":"cr1","adomain":["a.example"],"adm":"<a/>"{{fields}}}""";

    /// <summary>One banner impression.</summary>
    public static string Imp(string id, string candidates, string fields = "")
        => $$$$"""{"id":"{{{{id}}}}","banner":{"w":300,"h":250}{{{{fields}}}},"ext":{"autobid":{"candidates":[{{{{candidates}}}}]}}}""";

    public static string Request(string imps, string fields = "", string? id = null)
        => $$"""{"id":"{{id ?? NewId("r")}}","imp":[{{imps}}]{{fields}}}""";

    /// <summary>One candidate for one banner.</summary>
    public static string Bid(string campaign, double value = 0.0005) => Request(Imp("1", Candidate(campaign, value)));

    /// <summary>Substitutes the macros of a notice URL.</summary>
    public static string Notice(string url, string? price, string currency = "USD", string minimum = "")
    {
        if (price is not null) url = url.Replace("${AUCTION_PRICE}", price, StringComparison.Ordinal);
        return url.Replace("${AUCTION_CURRENCY}", currency, StringComparison.Ordinal)
            .Replace("${AUCTION_LOSS}", "", StringComparison.Ordinal)
            .Replace("${AUCTION_MIN_TO_WIN}", minimum, StringComparison.Ordinal);
    }

    public static string Events(params string[] items) => $$"""{"events":[{{string.Join(',', items)}}]}""";

    public static string Item(string topic, string @event) => $$"""{"topic":"{{topic}}","event":{{@event}}}""";

    public static string Conversion(string campaign, string id, DateTimeOffset time, long valueMicros = 0, string kind = "convert", int revision = 0)
        => Item(
            "autobid.conversions",
            $$"""{"v":1,"kind":"{{kind}}","id":"{{id}}","revision":{{revision}},"source":"pixel","campaign":"{{campaign}}","valueMicros":{{valueMicros}},"time":"{{Instant(time)}}"}""");

    /// <summary>A bill of a bid under a lease, as a DSP that bids by itself reports it.</summary>
    public static string Bill(string campaign, long lease, long seq, long priceNanos, DateTimeOffset time)
        => Item(
            "autobid.spend",
            $$"""{"v":1,"kind":"bill","via":"burl","exchange":"default","auction":"a{{seq}}","imp":"1","campaign":"{{campaign}}","priceNanos":{{priceNanos}},"currency":"USD","time":"{{Instant(time)}}","bidTime":"{{Instant(time)}}","lease":{{lease}},"seq":{{seq}}}""");

    public static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Text(decimal amount) => amount.ToString(CultureInfo.InvariantCulture);
}

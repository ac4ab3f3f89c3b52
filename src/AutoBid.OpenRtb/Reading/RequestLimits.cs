namespace AutoBid.OpenRtb.Reading;

/// <summary>Upper bounds of one bid request; a request beyond any of them is refused as a whole (HTTP 400).</summary>
public static class RequestLimits
{
    /// <summary>Nesting of the JSON text.</summary>
    public const int Depth = 64;

    /// <summary>Impressions of a request.</summary>
    public const int Imps = 64;

    /// <summary>Candidates of an impression.</summary>
    public const int CandidatesPerImp = 256;

    /// <summary>Deals of an impression, and deal ids of a candidate.</summary>
    public const int DealsPerImp = 64;

    /// <summary>Entries of cur, wseat and bseat.</summary>
    public const int ListEntries = 1024;

    /// <summary>
    /// UTF-8 bytes of an identifier (request, imp, deal, campaign, seat) after unescaping. Notice tokens store the length in one byte.
    /// </summary>
    public const int IdBytes = 255;
}

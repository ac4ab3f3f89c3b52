namespace AutoBid.OpenRtb.Reading;

/// <summary>
/// A whole raw JSON token (quotes or brackets included) of the request body. It can be echoed into an answer as it stands:
/// the reader has checked that it is well-formed UTF-8 with complete surrogate pairs.
/// </summary>
/// <param name="Offset">First byte in <see cref="BidRequest.Body"/>.</param>
/// <param name="Length">Bytes; 0 when the field was absent, null or an empty array.</param>
public readonly record struct JsonSlice(int Offset, int Length)
{
    /// <summary>True when the request carried the field.</summary>
    public bool IsPresent => Length > 0;
}

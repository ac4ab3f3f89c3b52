namespace AutoBid.OpenRtb.Reading;

/// <summary>What was wrong with a request, for counters and debugging; carries no content of the request.</summary>
/// <param name="Kind">Class of the error.</param>
/// <param name="Field">Path of the field, a constant such as <c>imp.bidfloor</c>.</param>
/// <param name="Position">Byte offset in the body near which it was found.</param>
public readonly record struct RequestError(RequestErrorKind Kind, string Field, long Position)
{
    /// <summary>HTTP status to answer, with an empty body.</summary>
    public int HttpStatus => Kind == RequestErrorKind.None ? 200 : 400;

    public override string ToString() => $"{Kind} {Field} at byte {Position}";
}

using System.Text;

namespace AutoBid.OpenRtb.Notices;

/// <summary>
/// Writes notice URLs, <c>{base}/openrtb2/notice/{win|bill|loss}?t=TOKEN&amp;p=${AUCTION_PRICE}&amp;c=${AUCTION_CURRENCY}&amp;l=${AUCTION_LOSS}&amp;m=${AUCTION_MIN_TO_WIN}</c>,
/// as ASCII that needs no JSON escaping. The exchange substitutes the macros.
/// </summary>
public sealed class NoticeUrl
{
    private readonly byte[][] _heads;

    /// <param name="publicBase">Absolute http or https URL under which exchanges reach this service; query and fragment are not allowed.</param>
    /// <exception cref="ArgumentException">Not such a URL.</exception>
    public NoticeUrl(Uri publicBase)
    {
        if (!publicBase.IsAbsoluteUri || (publicBase.Scheme != Uri.UriSchemeHttp && publicBase.Scheme != Uri.UriSchemeHttps))
            throw new ArgumentException($"'{publicBase}' is not an absolute http or https URL.", nameof(publicBase));
        if (publicBase.Query.Length > 0 || publicBase.Fragment.Length > 0 || publicBase.UserInfo.Length > 0)
            throw new ArgumentException("The base of notice URLs takes no query, fragment or user.", nameof(publicBase));
        // AbsoluteUri percent-encodes quotes, backslashes, controls and everything beyond ASCII in the path; an international host name is not encoded.
        string root = new UriBuilder(publicBase) { Host = publicBase.IdnHost }.Uri.AbsoluteUri.TrimEnd('/');
        if (!Ascii.IsValid(root) || root.AsSpan().ContainsAny('"', '\\')) throw new ArgumentException($"'{publicBase}' cannot be written as ASCII.", nameof(publicBase));
        _heads = [Head(root, "win"), Head(root, "bill"), Head(root, "loss")];
    }

    private static ReadOnlySpan<byte> Macros => "&p=${AUCTION_PRICE}&c=${AUCTION_CURRENCY}&l=${AUCTION_LOSS}&m=${AUCTION_MIN_TO_WIN}"u8;

    /// <summary>Upper bound of the bytes of one URL with this token.</summary>
    public int LengthFor(ReadOnlySpan<byte> token) => _heads[(int)NoticeKind.Bill].Length + token.Length + Macros.Length;

    /// <summary>Writes one URL.</summary>
    /// <param name="token">base64url text of <see cref="NoticeTokenWriter"/>.</param>
    /// <returns>Bytes written, at most <see cref="LengthFor"/>.</returns>
    public int Write(NoticeKind kind, ReadOnlySpan<byte> token, Span<byte> destination)
    {
        byte[] head = _heads[(int)kind];
        head.CopyTo(destination);
        token.CopyTo(destination[head.Length..]);
        Macros.CopyTo(destination[(head.Length + token.Length)..]);
        return head.Length + token.Length + Macros.Length;
    }

    private static byte[] Head(string root, string kind) => Encoding.ASCII.GetBytes($"{root}/openrtb2/notice/{kind}?t=");
}

namespace AutoBid.OpenRtb.Reading;

/// <summary>
/// An identifier of the request: its raw JSON token for echoing and its unescaped UTF-8 text for comparing.
/// The text lies in the body itself, or, when the token has escapes, in the arena of the <see cref="BidRequest"/>.
/// </summary>
public readonly struct JsonText
{
    private readonly int _offset;
    private readonly int _rawLength;
    private readonly int _arenaOffset;
    private readonly int _textLength;

    /// <summary>A token without escapes: <paramref name="offset"/> and <paramref name="length"/> of its content in the body.</summary>
    internal JsonText(int offset, int length)
    {
        _offset = offset;
        _rawLength = length;
        _arenaOffset = -1;
        _textLength = length;
    }

    /// <summary>A token with escapes, whose text was unescaped into the arena.</summary>
    internal JsonText(int offset, int rawLength, int arenaOffset, int textLength)
    {
        _offset = offset;
        _rawLength = rawLength;
        _arenaOffset = arenaOffset;
        _textLength = textLength;
    }

    /// <summary>True when the field was there and not empty.</summary>
    public bool IsPresent => _textLength > 0;

    /// <summary>True when the raw token differs from the text.</summary>
    public bool HasEscapes => IsPresent && _arenaOffset >= 0;

    /// <summary>Length of the unescaped text in UTF-8 bytes.</summary>
    public int TextLength => _textLength;

    internal int RawLength => _rawLength;

    internal ReadOnlySpan<byte> Text(ReadOnlySpan<byte> body, byte[] arena)
        => HasEscapes ? arena.AsSpan(_arenaOffset, _textLength) : body.Slice(_offset, _textLength);

    internal ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> body)
        => IsPresent ? body.Slice(_offset - 1, _rawLength + 2) : default;
}

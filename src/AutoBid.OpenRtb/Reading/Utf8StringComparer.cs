using System.Text;

namespace AutoBid.OpenRtb.Reading;

/// <summary>
/// Lets a dictionary keyed by string be searched with UTF-8 bytes, so that a campaign id is looked up without becoming a string:
/// <c>new Dictionary&lt;string, int&gt;(Utf8StringComparer.Instance).GetAlternateLookup&lt;ReadOnlySpan&lt;byte&gt;&gt;()</c>.
/// Ordinal. Keys must be well-formed UTF-16.
/// </summary>
public sealed class Utf8StringComparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    private const int StackBytes = 768;

    private Utf8StringComparer()
    {
    }

    public static Utf8StringComparer Instance { get; } = new();

    public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

    public int GetHashCode(string obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        int most = Encoding.UTF8.GetMaxByteCount(obj.Length);
        Span<byte> bytes = most <= StackBytes ? stackalloc byte[StackBytes] : new byte[most];
        return GetHashCode(bytes[..Encoding.UTF8.GetBytes(obj, bytes)]);
    }

    public bool Equals(ReadOnlySpan<byte> alternate, string other)
    {
        ArgumentNullException.ThrowIfNull(other);
        // Same characters imply at least as many bytes as characters.
        if (alternate.Length < other.Length) return false;
        int most = Encoding.UTF8.GetMaxByteCount(other.Length);
        Span<byte> bytes = most <= StackBytes ? stackalloc byte[StackBytes] : new byte[most];
        return alternate.SequenceEqual(bytes[..Encoding.UTF8.GetBytes(other, bytes)]);
    }

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = new HashCode();
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public string Create(ReadOnlySpan<byte> alternate) => Encoding.UTF8.GetString(alternate);
}

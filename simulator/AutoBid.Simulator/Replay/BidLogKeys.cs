using System.Runtime.InteropServices;
using System.Text;

namespace AutoBid.Simulator.Replay;

/// <summary>The campaigns of plain bid logs, numbered in the order in which they appear; shared by the files of one replay.</summary>
public sealed class BidLogKeys
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _byText;
    private readonly List<string> _names = [];
    private readonly Dictionary<(int Period, int Advertiser), int> _opportunities = [];

    public BidLogKeys() => _byText = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();

    public string NameOf(int number) => _names[number];

    internal int NumberOf(ReadOnlySpan<byte> name)
    {
        Span<char> text = name.Length <= 256 ? stackalloc char[name.Length] : new char[name.Length];
        text = text[..Encoding.UTF8.GetChars(name, text)];
        if (_byText.TryGetValue(text, out int number)) return number;
        _names.Add(text.ToString());
        return _numbers[_names[^1]] = _names.Count - 1;
    }

    /// <summary>The next opportunity number of a key.</summary>
    internal int NextOpportunity(int period, int advertiser)
        => CollectionsMarshal.GetValueRefOrAddDefault(_opportunities, (period, advertiser), out _)++;
}

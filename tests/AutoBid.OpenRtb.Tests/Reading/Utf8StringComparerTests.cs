using System.Text;
using AutoBid.OpenRtb.Reading;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.OpenRtb.Tests.Reading;

public sealed class Utf8StringComparerTests
{
    [Fact]
    public void Bytes_find_the_same_entries_as_strings()
    {
        string[] keys = ["", "c1", "c2", "Schlüssel", "漢字😀", new string('x', 700)];
        var map = keys.Select((key, i) => (key, i)).ToDictionary(pair => pair.key, pair => pair.i, Utf8StringComparer.Instance);
        var byBytes = map.GetAlternateLookup<ReadOnlySpan<byte>>();
        foreach (string key in keys) Assert.Equal(map[key], byBytes[Encoding.UTF8.GetBytes(key)]);
        Assert.False(byBytes.ContainsKey("c3"u8));
        Assert.False(byBytes.ContainsKey("Schl\u00fc"u8));
    }

    [Fact]
    public void Equality_is_that_of_the_texts()
        => Prop.ForAll<NonNull<string>, NonNull<string>>((a, b) =>
        {
            if (!IsWellFormed(a.Get) || !IsWellFormed(b.Get)) return true;
            byte[] bytes = Encoding.UTF8.GetBytes(a.Get);
            Utf8StringComparer comparer = Utf8StringComparer.Instance;
            return comparer.Equals(bytes, b.Get) == (a.Get == b.Get)
                && comparer.Equals(bytes, a.Get)
                && comparer.GetHashCode(bytes) == comparer.GetHashCode(a.Get);
        }).Check(Checks.Config);

    private static bool IsWellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
}

using System.Text;

namespace AutoBid.Server.Tests.Fuzzing;

/// <summary>Damages a text in the ways that networks, middlemen and careless writers do.</summary>
internal static class RandomMutation
{
    private static readonly string[] Fragments =
    [
        "null", "{}", "[]", "-1", "0", "1e308", "1e999", "-0.0", "9223372036854775808", "\"\\ud800\"", "\"\\u0000\"", "\"\"", "true", "[[[[", "\"${AUCTION_PRICE}\"",
        "%00", "%", "&p=", "AUDIT", "é", "\ud83d\ude00", "\\", "\"", ",", ":", "}",
    ];

    public static byte[] Of(string text, Random random)
    {
        var bytes = new List<byte>(Encoding.UTF8.GetBytes(text));
        for (int changes = random.Next(1, 6); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 2: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)])); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at))); break;
                case 4: ReplaceValue(bytes, at, Fragments[random.Next(Fragments.Length)]); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Puts something else where the JSON value after <paramref name="at"/> stands, so that many mutants remain JSON.</summary>
    private static void ReplaceValue(List<byte> bytes, int at, string with)
    {
        int colon = bytes.IndexOf((byte)':', at);
        if (colon < 0) return;
        int end = colon + 1;
        while (end < bytes.Count && bytes[end] is not ((byte)',' or (byte)'}' or (byte)']')) end++;
        bytes.RemoveRange(colon + 1, end - colon - 1);
        bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(with));
    }
}

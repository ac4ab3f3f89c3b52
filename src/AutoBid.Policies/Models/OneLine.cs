namespace AutoBid.Policies.Models;

/// <summary>Text from files and runtimes, made fit to be part of one log line.</summary>
internal static class OneLine
{
    private const int Longest = 300;

    public static string Of(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= Longest ? line : string.Concat(line.AsSpan(0, Longest - 3), "...");
    }
}

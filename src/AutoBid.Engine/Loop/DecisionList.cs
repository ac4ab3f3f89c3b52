using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Loop;

/// <summary>
/// The decisions of a run in the form that is compared between runs (design.md section 4). Kept only in deterministic mode: it grows with every decision.
/// </summary>
public sealed class DecisionList
{
    private readonly List<string> _lines = [];

    public int Count => _lines.Count;

    public void Add(DecisionRecord decision)
        => _lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{decision.CampaignId}\t{decision.Day}\t{decision.Tick}\t{decision.Policy}\t{decision.FallbackStep ?? "-"}\t{string.Join(',', decision.Reasons)}\t{decision.Multiplier:F6}\n"));

    /// <summary>SHA-256 over the ordinal-sorted UTF-8 lines, lower-case hex.</summary>
    public string Hash()
    {
        var sorted = new List<string>(_lines);
        sorted.Sort(StringComparer.Ordinal);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string line in sorted) hash.AppendData(Encoding.UTF8.GetBytes(line));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

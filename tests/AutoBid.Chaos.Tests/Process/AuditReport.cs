namespace AutoBid.Chaos.Tests.Process;

/// <summary>What an audit counted.</summary>
/// <param name="Bills">Distinct ones in the log.</param>
/// <param name="Causes">Adjustments by cause.</param>
internal sealed record AuditReport(int Bills, int Conversions, IReadOnlyDictionary<string, (int Count, long Nanos)> Causes)
{
    public override string ToString()
        => $"{Bills} bills, {Conversions} conversions, adjustments: {(Causes.Count == 0 ? "none" : string.Join(", ", Causes.Select(one => $"{one.Key} {one.Value.Count} ({one.Value.Nanos / 1e9:0.000000})")))}";
}

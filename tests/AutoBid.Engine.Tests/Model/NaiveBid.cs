namespace AutoBid.Engine.Tests.Model;

/// <summary>A bid as the exchange remembers it.</summary>
internal sealed class NaiveBid
{
    public required int Campaign { get; init; }

    public required long Lease { get; init; }

    public required long Seq { get; init; }

    public required int Day { get; init; }

    public required long PriceNanos { get; init; }

    public required long At { get; init; }

    /// <summary>When its hold is given up; it is, at the first tick from then on.</summary>
    public required long Expires { get; init; }

    /// <summary>Number of the process that made it: its holds die with it.</summary>
    public required int Process { get; init; }

    /// <summary>Billed or lost, as far as the engine was told.</summary>
    public bool IsOver { get; set; }

    /// <summary>Another campaign's name was put on its bill: its own will not come.</summary>
    public bool IsStolen { get; set; }
}

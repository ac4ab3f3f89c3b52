namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>One campaign of a live run: what the exchange counted, and by how much the service's ledger moved. Money in account currency.</summary>
internal sealed record LiveCampaign
{
    public required string Id { get; init; }

    public required long Bids { get; init; }

    public required long Wins { get; init; }

    public required decimal Spend { get; init; }

    public required long Conversions { get; init; }

    public required long LedgerWins { get; init; }

    public required decimal LedgerSpend { get; init; }

    public required long LedgerConversions { get; init; }

    /// <summary>Part of <see cref="LedgerSpend"/> outside every lease.</summary>
    public required decimal LedgerAdjustments { get; init; }

    public required double Multiplier { get; init; }

    public bool Agrees => LedgerWins == Wins && LedgerSpend == Spend && LedgerConversions == Conversions;
}

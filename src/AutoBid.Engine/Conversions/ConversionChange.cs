namespace AutoBid.Engine.Conversions;

/// <summary>What one event changed of one conversion.</summary>
public readonly record struct ConversionChange(ConversionMark Before, ConversionMark After)
{
    /// <summary>Change of the count: -1, 0 or 1.</summary>
    public int Conversions => (After.Counts ? 1 : 0) - (Before.Counts ? 1 : 0);

    public long ValueMicros => (After.Counts ? After.ValueMicros : 0) - (Before.Counts ? Before.ValueMicros : 0);

    public bool IsEmpty => Before == After || (!Before.Counts && !After.Counts);
}

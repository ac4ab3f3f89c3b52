namespace AutoBid.Engine.Conversions;

/// <summary>What one conversion contributes to its campaign.</summary>
/// <param name="Counts">False: there is none, or it was retracted.</param>
/// <param name="ClickDay">yyyymmdd of its click, or of its arrival where no click time was told.</param>
/// <param name="IsTimed">A click time was told.</param>
/// <param name="DelayTicks">From click to arrival.</param>
public readonly record struct ConversionMark(bool Counts, long ValueMicros, int ClickDay, bool IsTimed, long DelayTicks);

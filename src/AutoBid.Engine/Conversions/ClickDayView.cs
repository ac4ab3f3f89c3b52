namespace AutoBid.Engine.Conversions;

/// <summary>One row of the click-day report.</summary>
/// <param name="Day">yyyymmdd.</param>
/// <param name="Version">Rises with each change of spend or conversions.</param>
/// <param name="SpentNanos">By day of the bid, adjustments and late bills included.</param>
/// <param name="Conversions">By click day, retractions and restatements applied.</param>
/// <param name="ConversionValueMicros">Their value, micros of account currency.</param>
/// <param name="ExpectedFinalConversions">What the count is expected to be once the longest delay has passed.</param>
/// <param name="Deviation">Standard deviation of that expectation.</param>
/// <param name="IsClosed">Older than the longest delay: only a restatement changes it now, as a new version.</param>
public readonly record struct ClickDayView(
    int Day, long Version, long SpentNanos, long Conversions, long ConversionValueMicros, double ExpectedFinalConversions, double Deviation, bool IsClosed);

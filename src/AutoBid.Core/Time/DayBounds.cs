namespace AutoBid.Core.Time;

/// <summary>One local day.</summary>
/// <param name="Day">yyyymmdd.</param>
/// <param name="StartTicks">First UTC tick.</param>
/// <param name="EndTicks">UTC tick after the last.</param>
public sealed record DayBounds(int Day, long StartTicks, long EndTicks);

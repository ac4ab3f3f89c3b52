using AutoBid.Core.Time;

namespace AutoBid.Engine.Campaigns;

/// <summary>
/// When a campaign's days changed over to another time zone. The day that ran then kept its bounds; the first day after it begins where it ended and ends
/// with a local midnight of the new zone, so that no instant belongs to two days and none to no day.
/// </summary>
/// <param name="Former">Clock of the days before; null: none.</param>
/// <param name="FromTicks">Start of the first day after the change, UTC ticks: what lies before belongs to days of the former zone.</param>
/// <param name="FirstDay">yyyymmdd of the first day after it: a date that the former zone has not used.</param>
/// <param name="FirstEndTicks">Its end, UTC ticks.</param>
public readonly record struct ZoneChange(StepClock? Former, long FromTicks, int FirstDay, long FirstEndTicks);

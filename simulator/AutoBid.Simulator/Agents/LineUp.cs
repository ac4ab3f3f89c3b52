namespace AutoBid.Simulator.Agents;

/// <summary>Who sits where.</summary>
/// <param name="Id">Number under which exported data and tables know it.</param>
/// <param name="Agents">One per advertiser of the traffic.</param>
public sealed record LineUp(int Id, string Name, IReadOnlyList<SeatAgent> Agents);

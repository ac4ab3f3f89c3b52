namespace AutoBid.Engine.Ports;

/// <summary>A node that gave a sign of life lately.</summary>
/// <param name="StatsThroughTicks">All its bid statistics up to this instant of event time are in the log, UTC ticks.</param>
public readonly record struct LiveNode(string Name, long StatsThroughTicks);

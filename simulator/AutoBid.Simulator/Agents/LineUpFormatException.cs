namespace AutoBid.Simulator.Agents;

/// <summary>A seat map that cannot be read; the message names the part.</summary>
public sealed class LineUpFormatException(string message) : FormatException(message);

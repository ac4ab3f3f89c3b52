namespace AutoBid.Engine.Tests.Fakes;

/// <summary>The process died here: what was not committed is lost.</summary>
internal sealed class SimulatedCrashException : Exception;

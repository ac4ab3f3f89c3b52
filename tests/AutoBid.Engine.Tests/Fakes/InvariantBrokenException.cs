namespace AutoBid.Engine.Tests.Fakes;

/// <summary>The ledger's promise was broken.</summary>
internal sealed class InvariantBrokenException(string message) : Exception(message);

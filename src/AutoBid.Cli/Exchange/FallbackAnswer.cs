namespace AutoBid.Cli.Exchange;

/// <summary>Which step of the fallback chain answered in the policy's place, and why.</summary>
internal sealed record FallbackAnswer(string Step, string Reason);

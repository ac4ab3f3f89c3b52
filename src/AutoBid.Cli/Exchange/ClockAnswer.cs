namespace AutoBid.Cli.Exchange;

/// <summary>Answer of POST /v1/clock.</summary>
internal sealed record ClockAnswer(DateTimeOffset Now, int StepsClosed, long Applied, string DecisionsHash);

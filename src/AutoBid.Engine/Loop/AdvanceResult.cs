namespace AutoBid.Engine.Loop;

/// <summary>Answer of advanceTo.</summary>
/// <param name="Now">Event time after it.</param>
/// <param name="StepsClosed">Campaign steps closed by it.</param>
/// <param name="Applied">Events read and applied by it, duplicates included.</param>
/// <param name="DecisionsHash">Hash of every decision since the run's start.</param>
public readonly record struct AdvanceResult(DateTimeOffset Now, int StepsClosed, long Applied, string DecisionsHash);

namespace AutoBid.Server.Tests.Testing;

/// <summary>Tests with a running service follow each other: meters belong to the process, and two cores carry one service at a time best.</summary>
[CollectionDefinition(Name)]
public sealed class ServiceCollection
{
    public const string Name = "running service";
}

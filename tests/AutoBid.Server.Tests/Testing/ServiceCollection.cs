namespace AutoBid.Server.Tests.Testing;

/// <summary>Tests with a running service follow each other: meters belong to the process, and one that is disposed takes the counts of its neighbours with it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ServiceCollection
{
    public const string Name = "running service";
}

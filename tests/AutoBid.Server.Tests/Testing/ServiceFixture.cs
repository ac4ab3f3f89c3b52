namespace AutoBid.Server.Tests.Testing;

/// <summary>One service for all tests of a class; each test makes its own campaigns.</summary>
public sealed class ServiceFixture : IAsyncLifetime
{
    public TestService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await TestService.StartAsync();

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}

namespace AutoBid.Server.Tests.Testing;

/// <summary>One service for all tests of a class; each test makes its own campaigns, a minute of virtual time after the one before.</summary>
public sealed class ServiceFixture : IAsyncLifetime
{
    public TestService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await TestService.StartAsync(options => options with { Tick = TimeSpan.FromMinutes(1) });

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}

using System.Net;
using AutoBid.Policies.Models;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>The service with --device cuda; that there is no GPU here is no matter to what it does when told that one is lost.</summary>
[Collection(ServiceCollection.Name)]
public sealed class GpuLossTests
{
    [Fact]
    public async Task With_the_last_gpu_gone_it_drains_and_wants_to_be_started_anew()
    {
        await using TestService service = await StartAsync(restart: true);
        using var stop = new CancellationTokenSource();
        Task<bool> running = service.Service.RunAsync(stop.Token);
        ModelRegistry registry = Registry(service);
        registry.Accelerators[0].Lose("CUDA error 719");
        (await service.GetAsync("/health/ready")).Expect(HttpStatusCode.OK);
        Assert.False(running.IsCompleted);
        registry.Accelerators[1].Lose("CUDA error 719");
        // It answers while it drains, and asks for no more traffic; then it ends.
        Assert.True(await running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_the_setting_it_stays_and_stopping_it_is_no_restart()
    {
        await using TestService service = await StartAsync(restart: false);
        using var stop = new CancellationTokenSource();
        Task<bool> running = service.Service.RunAsync(stop.Token);
        foreach (var accelerator in Registry(service).Accelerators) accelerator.Lose("CUDA error 719");
        (await service.GetAsync("/health/ready")).Expect(HttpStatusCode.OK);
        Assert.Equal(1, await service.MetricAsync("autobid_gpu_lost{device=\"0\"}"));
        await stop.CancelAsync();
        Assert.False(await running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task While_it_drains_it_answers_but_is_not_ready()
    {
        await using TestService service = await StartAsync(restart: true, drain: TimeSpan.FromHours(1));
        using var stop = new CancellationTokenSource();
        Task<bool> running = service.Service.RunAsync(stop.Token);
        foreach (var accelerator in Registry(service).Accelerators) accelerator.Lose("CUDA error 719");
        Assert.Equal("draining: every GPU is lost", (await service.GetAsync("/health/ready")).Expect(HttpStatusCode.ServiceUnavailable).Text);
        (await service.PostAsync("/v1/decisions", """{"requests":[]}""")).Expect(HttpStatusCode.OK);
        await stop.CancelAsync();
        Assert.False(await running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    private static ModelRegistry Registry(TestService service) => (ModelRegistry)service.Service.Services.GetService(typeof(ModelRegistry))!;

    private static Task<TestService> StartAsync(bool restart, TimeSpan? drain = null)
        => TestService.StartAsync(options => options with { Device = "cuda", Accelerators = [0, 1], RestartOnGpuLoss = restart, Drain = drain ?? TimeSpan.FromMilliseconds(50) });
}

using AutoBid.Cli.Commands;
using AutoBid.Cli.Demo;
using AutoBid.Cli.Output;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Simulation;

/// <summary>The <c>market</c> preset in process: the demo's day without service, HTTP and disk.</summary>
internal static class MarketSimulation
{
    /// <param name="prior">Population prior file; <c>none</c>; null: the shipped one of this market, as the service takes it.</param>
    /// <exception cref="CommandException">The prior cannot be used, or the policy is not served.</exception>
    public static async Task<RunReport> PlayAsync(MarketRunOptions options, string? prior, IRunView view, CancellationToken cancellation)
    {
        await using EngineMarket market = await EngineMarket.StartAsync(options.Play, Installation.Models, PriorOption.Load(prior, Installation.Prior), cancellation);
        return await new MarketRun(options with { Events = "memory" }, market).PlayAsync(view, cancellation);
    }
}

using AutoBid.Core.Guarding;
using AutoBid.Engine.Events;

namespace AutoBid.Simulator.Market;

/// <summary>What an engine in process takes from its host, so that it answers as the service would.</summary>
public sealed record EngineBidderOptions
{
    public required MarketPlayOptions Play { get; init; }

    /// <summary>Business key of an event: the service's own rule.</summary>
    public required Func<EngineEvent, EventIdentity> Identify { get; init; }

    /// <summary>Name of a no-bid: what the service's answer says where the last candidate dropped out for these reasons.</summary>
    public required Func<GuardReasons, string> NameOf { get; init; }

    /// <summary>Tenant of the campaigns.</summary>
    public string Tenant { get; init; } = "default";

    /// <summary>Name of the exchange in events; its billing channel is burl.</summary>
    public string Exchange { get; init; } = "default";

    /// <summary>How long a bid without a notice is held.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromMinutes(5);
}

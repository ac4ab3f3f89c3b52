namespace AutoBid.Engine.Tests.Nodes.Model;

/// <summary>
/// One thing that happens to several nodes, or to the money that they share. Numbers of bids, events and nodes are taken modulo what there is when the
/// command runs, so that a shrunk script still means something.
/// </summary>
internal abstract record ClusterCommand
{
    /// <summary>Bids of a campaign through a node, owner or not, each at about <paramref name="PriceNanos"/>.</summary>
    public sealed record Bids(int Node, int Campaign, int Count, int PriceNanos) : ClusterCommand;

    /// <summary>A bill of a bid, at this share of its price.</summary>
    /// <param name="Delay">How many deliveries pass before it arrives.</param>
    public sealed record Bill(int Bid, int Percent, int Delay) : ClusterCommand;

    public sealed record Lose(int Bid, int Delay) : ClusterCommand;

    /// <summary>An event that was sent comes again; on another channel it must not settle.</summary>
    public sealed record Repeat(int Event, bool OtherChannel) : ClusterCommand;

    /// <summary>A bill of a bid that was made elsewhere, without a lease.</summary>
    public sealed record ForeignBill(int Campaign, int Nanos, int Delay) : ClusterCommand;

    /// <summary>A bill that names the lease of one campaign and the id of another.</summary>
    public sealed record WrongCampaign(int Bid) : ClusterCommand;

    /// <summary>A bill under a lease that nobody knows.</summary>
    public sealed record UnknownLease(int Campaign, int Nanos) : ClusterCommand;

    /// <param name="Kind">0 convert, 1 retract, 2 restate.</param>
    public sealed record Convert(int Campaign, int Id, int Revision, int Kind, int Value, int Delay) : ClusterCommand;

    public sealed record DailyBudget(int Campaign, int Percent) : ClusterCommand;

    public sealed record AccountBudget(int Percent) : ClusterCommand;

    public sealed record Pause(int Campaign) : ClusterCommand;

    public sealed record Resume(int Campaign) : ClusterCommand;

    /// <summary>What is due reaches the log, in an order that the seed decides.</summary>
    public sealed record Deliver(int Order) : ClusterCommand;

    /// <summary>A node's loop turns. A node whose loop does not turn is one that was stopped, or lies on a slow machine: it still believes what it last knew.</summary>
    public sealed record Turn(int Node, int Rounds) : ClusterCommand;

    public sealed record Pass(int Milliseconds) : ClusterCommand;

    /// <summary>The group deals the partitions out anew, among the nodes that it hears; the one it does not hear keeps believing that it owns what it had.</summary>
    /// <param name="Unheard">A node, or -1.</param>
    public sealed record Rebalance(int Deal, int Unheard) : ClusterCommand;

    /// <summary>A node's process dies at its n-th write to the store or the log from now, before it or after it and before its answer; another starts in its place.</summary>
    public sealed record Crash(int Node, int Write, bool AfterIt) : ClusterCommand;

    /// <summary>The n-th call of the store by a node fails, made or not.</summary>
    public sealed record StoreFault(int Node, int Call, bool AfterIt) : ClusterCommand;

    /// <summary>A node cannot append or publish, or can again.</summary>
    public sealed record Log(int Node, bool IsDown) : ClusterCommand;

    /// <summary>What owners tell the other nodes about their bids is lost, or is not.</summary>
    public sealed record Outcomes(bool AreLost) : ClusterCommand;
}

namespace AutoBid.Engine.Tests.Model;

/// <summary>
/// One thing that happens to the ledger. Numbers of bids, events and leases are taken modulo what there is when the command runs, so that a shrunk script
/// still means something.
/// </summary>
internal abstract record Command
{
    /// <summary>Bids of a campaign, each at about <paramref name="PriceNanos"/>.</summary>
    public sealed record Bids(int Campaign, int Count, int PriceNanos) : Command;

    /// <summary>A bill of a bid, at this share of its price.</summary>
    /// <param name="Delay">How many advances of time it takes to arrive.</param>
    public sealed record Bill(int Bid, int Percent, int Delay) : Command;

    public sealed record Lose(int Bid, int Delay) : Command;

    /// <summary>A win notice: it settles nothing where bills do.</summary>
    public sealed record Win(int Bid) : Command;

    /// <summary>An event that was sent comes again; on another channel it must not settle.</summary>
    public sealed record Repeat(int Event, bool OtherChannel) : Command;

    /// <summary>A bill of a bid that was made elsewhere, without a lease.</summary>
    public sealed record ForeignBill(int Campaign, int Nanos, bool Yesterday, int Delay) : Command;

    /// <summary>A bill that names the lease of one campaign and the id of another.</summary>
    public sealed record WrongCampaign(int Bid) : Command;

    /// <summary>A bill under a lease that nobody knows.</summary>
    public sealed record UnknownLease(int Campaign, int Nanos) : Command;

    /// <summary>A DSP asks for a lease of its own.</summary>
    public sealed record DspLease(int Campaign) : Command;

    public sealed record DspBill(int Lease, int Nanos, int Delay) : Command;

    /// <summary>A signed correction.</summary>
    public sealed record Correct(int Campaign, int Nanos, bool Yesterday) : Command;

    /// <param name="Kind">0 convert, 1 retract, 2 restate.</param>
    public sealed record Convert(int Campaign, int Id, int Revision, int Kind, int Value, int Delay) : Command;

    public sealed record DailyBudget(int Campaign, int Percent) : Command;

    public sealed record FlightBudget(int Percent) : Command;

    public sealed record AccountBudget(int Percent) : Command;

    public sealed record Pause(int Campaign) : Command;

    public sealed record Resume(int Campaign) : Command;

    /// <summary>What is due arrives in an order that the seed decides, then time goes on.</summary>
    public sealed record Advance(int Minutes, int Order) : Command;

    /// <summary>To some minutes past the next midnight, UTC.</summary>
    public sealed record NextDay(int Minutes) : Command;

    /// <summary>The process dies between two things it does, and another starts.</summary>
    public sealed record Crash : Command;

    /// <summary>The process dies while time goes on, at its n-th write to the store or the log: before the write, or after it and before its answer.</summary>
    public sealed record CrashWhile(int Minutes, int Write, bool AfterIt) : Command;
}

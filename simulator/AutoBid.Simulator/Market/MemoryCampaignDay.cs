namespace AutoBid.Simulator.Market;

/// <summary>The budget rows that one day of one campaign debits: its day, its flight, and its account if it has one.</summary>
internal sealed class MemoryCampaignDay(string tenant, string campaign, int day, MemoryBudget dayBudget, MemoryBudget flightBudget)
{
    private MemoryBudget? _account;

    public string Tenant => tenant;

    public string Campaign => campaign;

    public int Day => day;

    /// <summary>-1 until its budgets are set: money that came too early does not know it.</summary>
    public int Partition { get; set; } = -1;

    public MemoryBudget DayBudget => dayBudget;

    public MemoryBudget? AccountBudget => _account;

    public IEnumerable<MemoryBudget> Scopes => _account is { } account ? [dayBudget, flightBudget, account] : [dayBudget, flightBudget];

    /// <summary>Least amount that a scope has left ungranted, at least 0.</summary>
    public long RoomNanos => Math.Max(Scopes.Min(scope => scope.RoomNanos), 0);

    public void SetLimits(long dayNanos, long? flightNanos)
    {
        dayBudget.Limit(dayNanos);
        flightBudget.Limit(flightNanos);
    }

    /// <summary>Points the day at another account and takes its sums along, so that a later correction finds them there.</summary>
    public void JoinAccount(MemoryBudget? account)
    {
        if (account == _account) return;
        _account?.Move(dayBudget, -1);
        account?.Move(dayBudget, 1);
        _account = account;
    }
}

using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

/// <summary>One budget row of <see cref="MemoryLedgerStore"/>, nanos. Invariant: settled + outstanding - raised never exceeds what was requested when it was granted.</summary>
internal sealed class MemoryBudget(BudgetScope scope, string id, int period)
{
    private long? _requested;
    private long _settled;
    private long _outstanding;

    // What adjustments put on top of the budget; a correction downwards takes it back first.
    private long _raised;

    public long SettledNanos => _settled;

    /// <summary>Null: a scope without a limit, which is counted and not reported.</summary>
    public BudgetRow? Row => _requested is { } requested
        ? new BudgetRow(scope, id, period, Math.Max(requested, _settled + _outstanding - _raised), _settled, _outstanding)
        : null;

    /// <summary>What can still be granted; negative when overspent or lowered.</summary>
    public long RoomNanos => (_requested ?? long.MaxValue) - _settled - _outstanding;

    public void Limit(long? nanos) => _requested = nanos;

    public void Grant(long nanos) => _outstanding += nanos;

    public void Return(long nanos) => _outstanding -= nanos;

    public void Settle(long nanos)
    {
        _outstanding -= nanos;
        _settled += nanos;
    }

    public void Adjust(long nanos)
    {
        _settled += nanos;
        _raised = Math.Max(0, _raised + nanos);
    }

    /// <summary>Takes over the sums of a campaign's day that joins this account, or gives them away.</summary>
    public void Move(MemoryBudget day, int sign)
    {
        _settled += sign * day._settled;
        _outstanding += sign * day._outstanding;
    }
}

using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Fakes;

internal sealed partial class InMemoryLedgerStore
{
    private readonly Dictionary<string, int> _partitionOf = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (long Epoch, string Node, long Sequence)> _owners = [];
    private readonly SortedDictionary<(int Partition, SeenKind Kind, long Key), List<byte[]>> _seen = [];
    private readonly Dictionary<(string Topic, int Partition), long> _offsets = [];
    private CommitResult _last;
    private int _partitionCount;

    /// <summary>The commit with this number (from 1) is applied, and then its caller is told that the store cannot be reached; 0: none.</summary>
    public int LoseAnswerOfCommit { get; set; }

    /// <summary>How many of the coming commits fail without being applied.</summary>
    public int FailCommits { get; set; }

    /// <summary>Nothing that the engine asks of the store is answered; the test still sees the budgets.</summary>
    public bool IsDown { get; set; }

    public ValueTask<IReadOnlyList<PartitionClaim>> ClaimAsync(string node, IReadOnlyList<int> partitions, int partitionCount, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Refuse();
            if (_partitionCount != 0 && _partitionCount != partitionCount) throw new InvalidOperationException($"{_partitionCount} partitions, not {partitionCount}.");
            _partitionCount = partitionCount;
            var claims = new List<PartitionClaim>();
            foreach (int partition in partitions)
            {
                var before = _owners.GetValueOrDefault(partition);
                _owners[partition] = (before.Epoch + 1, node, 0);
                claims.Add(new PartitionClaim(partition, before.Epoch + 1, before.Epoch, before.Node));
            }

            return ValueTask.FromResult<IReadOnlyList<PartitionClaim>>(claims);
        }
    }

    public ValueTask<LedgerSnapshot> LoadAsync(IReadOnlyList<int> partitions, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Refuse();
            return ValueTask.FromResult(new LedgerSnapshot(
                [.. _states.Values.Where(state => partitions.Contains(state.Partition))],
                [.. _seen.Where(pair => partitions.Contains(pair.Key.Partition)).SelectMany(pair => pair.Value.Select(blob => new SeenBlock(pair.Key.Partition, pair.Key.Kind, pair.Key.Key, blob)))],
                [.. _offsets.Where(pair => partitions.Contains(pair.Key.Partition)).Select(pair => new PartitionOffset(pair.Key.Topic, pair.Key.Partition, pair.Value))],
                [.. _leases.Values.Where(l => l.IsOpen && partitions.Contains(_partitionOf[l.Campaign])).Select(l => new OpenLease(l.Id, l.Tenant, l.Campaign, l.Day, l.Node, l.Granted, l.Settled, l.Expires))]));
        }
    }

    /// <summary>While it is set, commits are made but their answers do not come before it is completed.</summary>
    public TaskCompletionSource? HoldAnswers { get; set; }

    public async ValueTask<CommitResult> CommitAsync(LedgerCommit commit, CancellationToken cancellation)
    {
        CommitResult result = Commit(commit);
        if (HoldAnswers is { } held) await held.Task.WaitAsync(cancellation);
        return result;
    }

    private CommitResult Commit(LedgerCommit commit)
    {
        commit.Check();
        lock (_gate)
        {
            Refuse();
            if (Commits + 1 == CrashBeforeCommit) throw new SimulatedCrashException();
            if (FailCommits > 0)
            {
                FailCommits--;
                throw new StoreUnavailableException("the disk is full");
            }

            CheckHeld(commit.Epochs);
            if (commit.Sequence > 0 && commit.Epochs.Count > 0 && commit.Epochs.All(held => _owners[held.Partition].Sequence == commit.Sequence)) return _last;
            CheckAmounts(commit);
            foreach (PartitionEpoch held in commit.Epochs)
            {
                if (commit.Sequence > 0 && commit.Sequence <= _owners[held.Partition].Sequence) throw new InvalidOperationException("Commits are out of order.");
                _owners[held.Partition] = _owners[held.Partition] with { Sequence = commit.Sequence };
            }

            foreach (LeaseSettlement s in commit.Settlements) Settle(_leases[s.LeaseId], s.AmountNanos);
            var listed = new List<Adjustment>();
            foreach (OutsideBill bill in commit.OutsideBills)
                if (SettleOutside(bill) is { AmountNanos: > 0 } rest) listed.Add(rest);
            foreach (Adjustment a in listed.Concat(commit.Adjustments)) Adjust(a);
            foreach (long id in commit.ClosedLeases) Close(_leases[id]);
            foreach (CampaignState state in commit.States)
            {
                var key = (state.TenantId, state.CampaignId, state.Day);
                if (state.Blob.Length == 0) _states.Remove(key);
                else _states[key] = state;
            }

            foreach (SeenKey key in commit.SeenDropped) _seen.Remove((key.Partition, key.Kind, key.Key));
            foreach (SeenBlock block in commit.SeenReplaced) _seen[(block.Partition, block.Kind, block.Key)] = [block.Blob];
            foreach (SeenBlock block in commit.Seen)
            {
                if (!_seen.TryGetValue((block.Partition, block.Kind, block.Key), out List<byte[]>? blobs)) _seen.Add((block.Partition, block.Kind, block.Key), blobs = []);
                blobs.Add(block.Blob);
            }

            foreach (PartitionOffset at in commit.Offsets) _offsets[(at.Topic, at.Partition)] = at.NextOffset;
            Commits++;
            Check();
            _last = new CommitResult(listed);
            return Commits == LoseAnswerOfCommit ? throw new StoreUnavailableException("the connection was lost") : _last;
        }
    }

    private void CheckHeld(IReadOnlyList<PartitionEpoch> epochs)
    {
        foreach (PartitionEpoch held in epochs)
        {
            long stored = _owners.GetValueOrDefault(held.Partition).Epoch;
            if (stored != held.Epoch) throw new FencedException(held.Partition, held.Epoch, stored);
        }
    }

    /// <summary>All or nothing: what a database would refuse is looked for before anything moves.</summary>
    private void CheckAmounts(LedgerCommit commit)
    {
        foreach (LeaseSettlement s in commit.Settlements)
            if (!_leases.TryGetValue(s.LeaseId, out Lease? lease) || !lease.IsOpen || s.AmountNanos < 0 || s.AmountNanos > lease.Left)
                throw new InvalidOperationException($"Lease {s.LeaseId} cannot settle {s.AmountNanos}: {(lease is null ? "unknown" : $"open {lease.IsOpen}, left {lease.Left}, of {lease.Node}")}.");
        foreach (var day in commit.Adjustments.GroupBy(a => (a.TenantId, a.CampaignId, a.Day)))
        {
            long settled = _scopes.TryGetValue(day.Key, out List<Row>? rows) ? rows[0].Settled : 0;
            long coming = commit.Settlements.Where(s => KeyOf(_leases[s.LeaseId]) == day.Key).Sum(s => s.AmountNanos)
                + commit.OutsideBills.Where(bill => DayOf(bill) == day.Key).Sum(bill => bill.Bill.AmountNanos);
            if (settled + coming + day.Sum(a => a.AmountNanos) < 0) throw new InvalidOperationException($"Adjustments would take {day.Key} below 0.");
        }
    }

    private (string Tenant, string Campaign, int Day) DayOf(OutsideBill bill)
        => _leases.TryGetValue(bill.LeaseId, out Lease? lease) && (lease.Tenant, lease.Campaign) == (bill.Bill.TenantId, bill.Bill.CampaignId)
            ? KeyOf(lease)
            : (bill.Bill.TenantId, bill.Bill.CampaignId, bill.Bill.Day);

    private static (string Tenant, string Campaign, int Day) KeyOf(Lease lease) => (lease.Tenant, lease.Campaign, lease.Day);

    private static void Settle(Lease lease, long nanos)
    {
        lease.Settled += nanos;
        foreach (Row row in lease.Scopes)
        {
            row.Outstanding -= nanos;
            row.Settled += nanos;
            row.OnTime += nanos;
        }
    }

    private Adjustment SettleOutside(OutsideBill outside)
    {
        Adjustment bill = outside.Bill;
        if (!_leases.TryGetValue(outside.LeaseId, out Lease? lease)) return bill with { Cause = "late-win" };
        if ((lease.Tenant, lease.Campaign) != (bill.TenantId, bill.CampaignId)) return bill with { Cause = "foreign-lease" };
        bill = bill with { Day = lease.Day };
        if (!lease.IsOpen) return bill with { Cause = "late-win" };
        long onTime = Math.Min(lease.Left, bill.AmountNanos);
        Settle(lease, onTime);
        return bill with { AmountNanos = bill.AmountNanos - onTime, Cause = "lease-exhausted" };
    }

    private void Adjust(Adjustment a)
    {
        Adjustments.Add(a);
        if (!_scopes.TryGetValue((a.TenantId, a.CampaignId, a.Day), out List<Row>? rows))
        {
            Limit(BudgetScope.Day, a.CampaignId, a.Day, 0);
            rows = _scopes[(a.TenantId, a.CampaignId, a.Day)] = [_budgets[(BudgetScope.Day, a.CampaignId, a.Day)]];
        }

        foreach (Row row in rows)
        {
            row.Settled += a.AmountNanos;
            // A correction downwards first takes back what earlier adjustments raised.
            row.OnTime = Math.Min(row.OnTime, row.Settled);
        }
    }

    private void Refuse()
    {
        if (IsDown) throw new StoreUnavailableException("the database does not answer");
    }
}

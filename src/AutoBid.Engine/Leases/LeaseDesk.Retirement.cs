namespace AutoBid.Engine.Leases;

/// <content>How leases end: retired or revoked, collected when their last hold has ended, buried when no bid thread can come back to their cells.</content>
public sealed partial class LeaseDesk
{
    /// <summary>
    /// No more bids under the current lease of a campaign (its day is over, or the campaign ended). Holds stay open.
    /// Its headroom is taken out at once, so that a bid thread that still has its index finds nothing.
    /// </summary>
    public void Retire(int campaign)
    {
        lock (_gate)
        {
            int index = _current[campaign];
            if (index != 0) RetireOne(index);
        }
    }

    /// <summary>The store took a lease back (its node was away for too long): no more bids under it.</summary>
    public void Revoke(long leaseId)
    {
        lock (_gate)
            if (_byId.TryGetValue(leaseId, out int index)) RetireOne(index);
    }

    /// <summary>Opens the way for a new lease and returns the ids of retired leases that have no open hold left; they are forgotten here.</summary>
    public void CollectRetired(int campaign, long nowTicks, List<long> closed)
    {
        lock (_gate)
        {
            while (_graveyard.TryPeek(out var rested) && nowTicks - rested.ClosedTicks > RestTicks) Bury(_graveyard.Dequeue().Index);
            int newer = 0;
            for (int index = _current[campaign]; index != 0;)
            {
                ref LeaseBook book = ref _books[index];
                ref LeaseAccount account = ref _accounts[index];
                int older = book.Older;
                if (book.IsRetired && account.FirstOpenSeq >= Volatile.Read(ref account.NextSeq))
                {
                    closed.Add(account.LeaseId);
                    _byId.Remove(account.LeaseId);
                    if (newer == 0) Volatile.Write(ref _current[campaign], older);
                    else _books[newer].Older = older;
                    _graveyard.Enqueue((index, nowTicks));
                }
                else
                {
                    newer = index;
                }

                index = older;
            }
        }
    }

    private void RetireOne(int index)
    {
        ref LeaseBook book = ref _books[index];
        if (book.IsRetired) return;
        book.IsRetired = true;
        Volatile.Write(ref _accounts[index].StopTicks, 0);
        Interlocked.Exchange(ref _accounts[index].HeadroomNanos, 0);
    }

    private void Bury(int index)
    {
        _holds.Free(_accounts[index].Ring);
        if (_outgrown.Remove(index, out List<long>? rings)) rings.ForEach(_holds.Free);
        _free.Push(index);
    }
}

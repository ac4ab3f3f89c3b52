using AutoBid.Engine.Ledger;

namespace AutoBid.Engine.Leases;

/// <content>How leases end: retired or revoked, collected when their last hold has ended, buried when no bid thread can come back to their account.</content>
public sealed partial class LeaseDesk
{
    /// <summary>Added to the next sequence number of a retired lease: far above every limit, far below an overflow.</summary>
    private const long Closed = 1L << 62;

    /// <summary>
    /// How long the account and the directory of a closed lease rest before they are used again. A bid thread that was stopped in the middle of
    /// <see cref="TryHold"/> may still come back to them; that a call of a microsecond lasts an hour is what this relies on.
    /// </summary>
    private static readonly long RestTicks = TimeSpan.FromHours(1).Ticks;

    /// <summary>No more bids under the current lease of a campaign (its day is over, the campaign ended, or this node does not bid for it). Holds stay open.</summary>
    public void Retire(int campaign)
    {
        lock (_gate) RetireOne(_current[campaign]);
    }

    /// <summary>The store took a lease back (its node was away for too long): no more bids under it.</summary>
    public void Revoke(long leaseId)
    {
        lock (_gate)
            if (_byId.TryGetValue(leaseId, out int index)) RetireOne(index);
    }

    /// <summary>
    /// Opens the way for a new lease and adds the ids of retired leases that have no open hold left; they are forgotten here, and the caller gives
    /// back in the store what they never settled. A lease is closed only when all that was settled under it is in the store: closed before, its last bills
    /// would find no lease there if the commit that brings them is refused and another node makes it.
    /// </summary>
    /// <param name="uncommitted">Null where nobody else can make a commit that is refused here.</param>
    public void CollectRetired(int campaign, long nowTicks, List<long> closed, IUncommitted? uncommitted = null)
    {
        lock (_gate)
        {
            while (_graveyard.TryPeek(out var rested) && nowTicks - rested.ClosedTicks > RestTicks) Bury(_graveyard.Dequeue().Index);
            int newer = 0;
            for (int index = _current[campaign]; index != 0;)
            {
                ref LeaseBook book = ref _books[index];
                int older = book.Older;
                // Every number that was given out has been written and has ended, and no other will be given out.
                if (book.IsRetired && book.Ended == book.Issued && (book.DoubtNanos == 0 || book.IsDoubtSettled)
                    && (uncommitted?.SettledOf(_accounts[index].LeaseId) ?? 0) == 0)
                {
                    long id = _accounts[index].LeaseId;
                    closed.Add(id);
                    _byId.Remove(id);
                    _lastClosed[campaign] = Math.Max(_lastClosed[campaign], id);
                    if (newer == 0) Volatile.Write(ref _current[campaign], older);
                    else _books[newer].Older = older;
                    FreeSegments(index);
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

    /// <summary>
    /// Closes the sequence numbers by one atomic step: a bid got its number before and its hold is waited for, or it gets none. Headroom is taken out
    /// as well, so that a bid thread that still has the account's index finds nothing.
    /// </summary>
    private void RetireOne(int index)
    {
        if (index == 0) return;
        ref LeaseBook book = ref _books[index];
        if (book.IsRetired) return;
        book.IsRetired = true;
        book.Issued = Interlocked.Add(ref _accounts[index].NextSeq, Closed) - Closed;
        Volatile.Write(ref _accounts[index].StopTicks, 0);
        book.IdleNanos = Interlocked.Exchange(ref _accounts[index].HeadroomNanos, 0);
    }

    /// <summary>Opens a retired lease again where it stood: its numbers go on, and what lay idle is headroom once more.</summary>
    private void Revive(int index)
    {
        ref LeaseBook book = ref _books[index];
        book.IsRetired = false;
        Return(index, book.IdleNanos);
        book.IdleNanos = 0;
        Interlocked.Add(ref _accounts[index].NextSeq, -Closed);
    }

    /// <summary>Bids that were made under a lease.</summary>
    private long Issued(int index) => _books[index].IsRetired ? _books[index].Issued : Volatile.Read(ref _accounts[index].NextSeq);

    private void FreeSegments(int index)
    {
        ref LeaseBook book = ref _books[index];
        for (long number = book.FirstSegment; number < book.EndSegment; number++)
        {
            int segment = _holds.Entry(_accounts[index].Directory, number);
            if (segment != 0) _holds.FreeSegment(segment);
        }
    }

    private void Bury(int index)
    {
        _holds.FreeDirectory(_accounts[index].Directory);
        if (_outgrown.Remove(index, out List<int>? directories)) directories.ForEach(_holds.FreeDirectory);
        _free.Push(index);
    }
}

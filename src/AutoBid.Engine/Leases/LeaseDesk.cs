namespace AutoBid.Engine.Leases;

/// <summary>
/// Headroom and holds. Bid threads take (<see cref="TryHold"/>) without any lock; grants, ended holds and new cells are serialised by one short lock
/// that is never held across I/O and that no bid thread takes. Every instant here is on the clock of leases (<see cref="Core.Time.EngineInstant"/>).
/// Money invariant, per lease that is not retired and at every instant: granted = headroom + open holds + settled + kept back + in doubt.
/// Cell invariant: a sequence number below the limit has its cell, and the directory that is read after the limit leads to it: a directory that is
/// outgrown keeps its entries, and a segment goes only when all its holds were written.
/// </summary>
public sealed partial class LeaseDesk
{
    /// <summary>Cells ahead of the bids when nothing is known of their rate.</summary>
    public const int FewestCells = 2 * HoldSlab.SegmentCells;

    /// <summary>No bid has this number before a lease has seen 60 billion.</summary>
    private const long NoTail = -1;

    /// <summary>So few cells ahead mark the campaign.</summary>
    private const int LowCells = HoldSlab.SegmentCells;

    private readonly ChunkedArray<LeaseAccount> _accounts = new();
    private readonly ChunkedArray<LeaseBook> _books = new();
    private readonly ChunkedArray<int> _current = new();
    private readonly ChunkedArray<long> _lastClosed = new();
    private readonly HoldSlab _holds = new();
    private readonly LeaseMarks _marks = new();
    private readonly Dictionary<long, int> _byId = [];
    private readonly Queue<(int Index, long ClosedTicks)> _graveyard = new();
    private readonly Dictionary<int, List<int>> _outgrown = [];
    private readonly Stack<int> _free = new();
    private readonly Lock _gate = new();

    // Account 0 is never used: a campaign without a lease points at it, and its headroom stays 0.
    private int _next = 1;

    public LeaseDesk() => _accounts.EnsureCapacity(1);

    /// <summary>Memory taken for holds, used or free.</summary>
    public long HoldBytes
    {
        get
        {
            lock (_gate) return _holds.AllocatedBytes;
        }
    }

    /// <summary>Makes room for campaigns up to <paramref name="count"/>. The loop's thread.</summary>
    public void EnsureCapacity(int count)
    {
        lock (_gate)
        {
            _current.EnsureCapacity(count);
            _lastClosed.EnsureCapacity(count);
            _marks.EnsureCapacity(count);
        }
    }

    /// <summary>
    /// Takes a bid's hold out of headroom. Any thread, no lock, no allocation. Marks the campaign when headroom falls below the low-water mark or few
    /// cells are left; a caller that is refused marks by <see cref="Want"/>.
    /// </summary>
    /// <param name="nowTicks">On the clock of leases.</param>
    /// <returns>False when headroom or hold cells are used up, or the lease has run out.</returns>
    public bool TryHold(int campaign, long priceNanos, long nowTicks, long holdTicks, out HeldBid held)
    {
        held = default;
        int index = Volatile.Read(ref _current[campaign]);
        ref LeaseAccount account = ref _accounts[index];
        if (index == 0 || nowTicks >= Volatile.Read(ref account.StopTicks)) return false;

        float share = account.HoldShare;
        long amount = share >= 1 ? priceNanos : Math.Max((long)(priceNanos * share), 1);
        long headroom = Volatile.Read(ref account.HeadroomNanos);
        while (true)
        {
            if (headroom < amount) return false;
            long seen = Interlocked.CompareExchange(ref account.HeadroomNanos, headroom - amount, headroom);
            if (seen == headroom) break;
            headroom = seen;
        }

        long seq = Volatile.Read(ref account.NextSeq);
        long limit;
        while (true)
        {
            limit = Volatile.Read(ref account.SeqLimit);
            if (seq >= limit)
            {
                Interlocked.Add(ref account.HeadroomNanos, amount);
                return false;
            }

            long seen = Interlocked.CompareExchange(ref account.NextSeq, seq + 1, seq);
            if (seen == seq) break;
            seq = seen;
        }

        long number = seq >> HoldSlab.SegmentShift, tail = Volatile.Read(ref account.Tail);
        if ((int)(tail >> 32) != (int)number)
        {
            // Read after the limit: any directory from then on leads to the cell.
            tail = number << 32 | (uint)_holds.Entry(Volatile.Read(ref account.Directory), number);
            Volatile.Write(ref account.Tail, tail);
        }

        ref Hold hold = ref _holds.Cell((int)tail, seq);
        hold.HeldNanos = amount;
        // Nobody may touch the cell after this: with its last hold ended the segment is another lease's.
        Volatile.Write(ref hold.ExpiresTicks, nowTicks + holdTicks);
        held = new HeldBid(account.LeaseId, seq, account.Day);
        // Headroom moves by atomic steps, so that each way down below the mark has one bid that crosses it.
        long low = (long)Volatile.Read(ref account.LowNanos);
        if ((headroom >= low && headroom - amount < low) || limit - seq <= LowCells) _marks.Set(campaign);
        return true;
    }

    /// <summary>Marks a campaign as wanting headroom. Any thread, after an interlocked write of what it wants it for.</summary>
    public void Want(int campaign) => _marks.Set(campaign);

    /// <summary>Takes every mark, in ascending order. The refiller only.</summary>
    public void TakeWanted(List<int> campaigns) => _marks.Drain(campaigns);

    /// <summary>
    /// Applies a grant: raises the lease's headroom and makes it the campaign's current one. A retired one that the store still has open, and so
    /// goes on with, is revived.
    /// </summary>
    /// <param name="stopTicks">When this node stops bidding under it; never moved back.</param>
    /// <param name="holdShare">1 in strict.</param>
    /// <returns>False when the lease is being closed: what was granted goes back with it, and another one must be asked for after that.</returns>
    public bool Grant(int campaign, long leaseId, int day, long grantedNanos, long stopTicks, float holdShare)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(leaseId, out int index))
            {
                if (grantedNanos <= 0) return true;
                // Ids only rise: this one was handed out by CollectRetired, and the commit that closes it is on its way.
                if (leaseId <= _lastClosed[campaign]) return false;
                // The store opens another one only when the one before has ended there.
                RetireOne(_current[campaign]);
                index = Open(leaseId, day, campaign);
            }

            ref LeaseAccount account = ref _accounts[index];
            ref LeaseBook book = ref _books[index];
            book.GrantedNanos += grantedNanos;
            if (book.IsRetired && _current[campaign] != index)
            {
                // Another day's lease has taken its place: this one only runs out.
                book.IdleNanos += grantedNanos;
                return true;
            }

            if (book.IsRetired) Revive(index);
            account.HoldShare = holdShare;
            if (stopTicks > account.StopTicks) Volatile.Write(ref account.StopTicks, stopTicks);
            Return(index, grantedNanos);
            Volatile.Write(ref _current[campaign], index);
            return true;
        }
    }

    /// <summary>
    /// Sets the low-water mark of a campaign's current lease and sees to cells for the next bids. Returns the headroom after that: where it lies below
    /// the mark no bid will cross it, so the caller must come back by itself.
    /// </summary>
    public long Tune(int campaign, long lowNanos, long cells)
    {
        lock (_gate)
        {
            int index = _current[campaign];
            if (index == 0 || _books[index].IsRetired) return 0;
            AddCells(index, cells);
            ref LeaseAccount account = ref _accounts[index];
            // Full fence: either this sees a bid's headroom, or the bid that comes after sees this mark.
            Interlocked.Exchange(ref account.LowNanos, lowNanos);
            return Volatile.Read(ref account.HeadroomNanos);
        }
    }

    /// <summary>Headroom of the current lease, and what its open holds take.</summary>
    public LeaseView Look(int campaign)
    {
        lock (_gate)
        {
            int index = _current[campaign];
            if (index == 0) return default;
            ref LeaseAccount account = ref _accounts[index];
            ref LeaseBook book = ref _books[index];
            if (book.IsRetired) return default;
            long headroom = Volatile.Read(ref account.HeadroomNanos);
            long seq = Volatile.Read(ref account.NextSeq);
            return new LeaseView(
                account.LeaseId, account.Day, headroom, book.GrantedNanos, book.SettledNanos, seq, account.StopTicks, account.SeqLimit - seq, book.KeptNanos);
        }
    }

    /// <summary>True when the lease lives on this node now.</summary>
    public bool Knows(long leaseId)
    {
        lock (_gate) return _byId.ContainsKey(leaseId);
    }

    /// <summary>Campaign and day of a lease that lives on this node now.</summary>
    public bool TryFind(long leaseId, out int campaign, out int day)
    {
        lock (_gate)
        {
            bool found = _byId.TryGetValue(leaseId, out int index);
            campaign = found ? _books[index].Campaign : -1;
            day = found ? _accounts[index].Day : 0;
            return found;
        }
    }

    private int Open(long leaseId, int day, int campaign)
    {
        int index = _free.TryPop(out int rested) ? rested : _next++;
        _accounts.EnsureCapacity(index + 1);
        _books.EnsureCapacity(index + 1);
        ref LeaseAccount account = ref _accounts[index];
        account = default;
        account.LeaseId = leaseId;
        account.Day = day;
        account.Directory = _holds.RentDirectory(1);
        account.Tail = NoTail;
        _books[index] = new LeaseBook { Older = _current[campaign], Campaign = campaign };
        _byId.Add(leaseId, index);
        AddCells(index, FewestCells);
        return index;
    }

    /// <summary>Sees to at least <paramref name="cells"/> cells for bids to come.</summary>
    private void AddCells(int index, long cells)
    {
        ref LeaseAccount account = ref _accounts[index];
        ref LeaseBook book = ref _books[index];
        long limit = Volatile.Read(ref account.NextSeq) + cells;
        if (book.EndSegment << HoldSlab.SegmentShift >= limit) return;
        while (book.EndSegment << HoldSlab.SegmentShift < limit)
        {
            if (book.EndSegment - book.FirstSegment == HoldSlab.CapacityOf(account.Directory)) GrowDirectory(index);
            _holds.Entry(account.Directory, book.EndSegment) = _holds.RentSegment();
            book.EndSegment++;
        }

        // Release: a bid thread that reads the limit sees entries and clean cells below it.
        Volatile.Write(ref account.SeqLimit, book.EndSegment << HoldSlab.SegmentShift);
    }

    private void GrowDirectory(int index)
    {
        ref LeaseAccount account = ref _accounts[index];
        ref LeaseBook book = ref _books[index];
        int old = account.Directory;
        int grown = _holds.RentDirectory(HoldSlab.CapacityOf(old) * 2);
        for (long number = book.FirstSegment; number < book.EndSegment; number++) _holds.Entry(grown, number) = _holds.Entry(old, number);
        if (!_outgrown.TryGetValue(index, out List<int>? directories)) _outgrown.Add(index, directories = []);
        directories.Add(old);
        Volatile.Write(ref account.Directory, grown);
    }
}

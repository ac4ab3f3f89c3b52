namespace AutoBid.Engine.Leases;

/// <summary>
/// Headroom and holds. Bid threads take (<see cref="TryHold"/>) without any lock; grants, ended holds and ring growth are serialised by one short lock
/// that is never held across I/O and that no bid thread takes.
/// Money invariant, per lease and at every instant: granted = headroom + open holds + settled.
/// Growth invariant: the ring's address is published before its holds are copied, and a bid thread that wrote its hold under an old address sees the
/// new one afterwards and writes again; a hold cannot have been ended in between, since its bid was not answered yet.
/// </summary>
public sealed partial class LeaseDesk
{
    /// <summary>
    /// How long cells of a closed lease rest before they are used again. A bid thread that was stopped in the middle of <see cref="TryHold"/> may
    /// still come back to them; that a call of a microsecond lasts an hour is what this relies on.
    /// </summary>
    private static readonly long RestTicks = TimeSpan.FromHours(1).Ticks;

    private readonly ChunkedArray<LeaseAccount> _accounts = new();
    private readonly ChunkedArray<LeaseBook> _books = new();
    private readonly ChunkedArray<int> _current = new();
    private readonly HoldSlab _holds = new();
    private readonly Dictionary<long, int> _byId = [];
    private readonly Queue<(int Index, long ClosedTicks)> _graveyard = new();
    private readonly Dictionary<int, List<long>> _outgrown = [];
    private readonly Stack<int> _free = new();
    private readonly Lock _gate = new();

    // Account 0 is never used: a campaign without a lease points at it, and its headroom stays 0.
    private int _next = 1;

    public LeaseDesk() => _accounts.EnsureCapacity(1);

    /// <summary>Makes room for campaigns up to <paramref name="count"/>.</summary>
    public void EnsureCapacity(int count)
    {
        lock (_gate) _current.EnsureCapacity(count);
    }

    /// <summary>
    /// Takes a bid's hold out of headroom. Any thread, no lock, no allocation.
    /// </summary>
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
        while (true)
        {
            if (seq >= Volatile.Read(ref account.SeqLimit))
            {
                Interlocked.Add(ref account.HeadroomNanos, amount);
                return false;
            }

            long seen = Interlocked.CompareExchange(ref account.NextSeq, seq + 1, seq);
            if (seen == seq) break;
            seq = seen;
        }

        long ring = Volatile.Read(ref account.Ring);
        while (true)
        {
            ref Hold hold = ref _holds[ring, seq];
            Volatile.Write(ref hold.HeldNanos, amount);
            // The expiry comes last: it tells the desk that the cell is written. Its full fence stands between the hold and the look at the address.
            Interlocked.Exchange(ref hold.ExpiresTicks, nowTicks + holdTicks);
            long now = Volatile.Read(ref account.Ring);
            if (now == ring) break;
            ring = now;
        }

        held = new HeldBid(account.LeaseId, seq, account.Day);
        return true;
    }

    /// <summary>
    /// Ends a hold and returns what it held: 0 when it had ended before (billed, lost, or assumed lost). The amount does not return to headroom:
    /// the caller settles it or gives it back with <see cref="GiveBack"/>.
    /// </summary>
    public long EndHold(long leaseId, long seq)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(leaseId, out int index)) return 0;
            ref LeaseAccount account = ref _accounts[index];
            if (seq < account.FirstOpenSeq || seq >= Volatile.Read(ref account.NextSeq)) return 0;
            long amount = Interlocked.Exchange(ref _holds[account.Ring, seq].HeldNanos, 0);
            Advance(ref account);
            return amount;
        }
    }

    /// <summary>Returns money of an ended hold to headroom.</summary>
    public void GiveBack(long leaseId, long nanos)
    {
        lock (_gate)
            if (nanos > 0 && _byId.TryGetValue(leaseId, out int index)) Interlocked.Add(ref _accounts[index].HeadroomNanos, nanos);
    }

    /// <summary>Takes money that no hold covers (a price above its hold). False: headroom has not that much.</summary>
    public bool TryTake(long leaseId, long nanos)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(leaseId, out int index)) return false;
            ref LeaseAccount account = ref _accounts[index];
            long headroom = Volatile.Read(ref account.HeadroomNanos);
            while (headroom >= nanos)
            {
                long seen = Interlocked.CompareExchange(ref account.HeadroomNanos, headroom - nanos, headroom);
                if (seen == headroom) return true;
                headroom = seen;
            }

            return false;
        }
    }

    /// <summary>A bill of (lease, seq) that the ledger's owner has settled: ends the hold, and takes what it did not cover out of headroom as far as there is any.</summary>
    public void TryBill(long leaseId, long seq, long priceNanos)
    {
        long held = EndHold(leaseId, seq);
        if (held > priceNanos) GiveBack(leaseId, held - priceNanos);
        Settle(leaseId, priceNanos);
    }

    /// <summary>Records what was settled under a lease, so that a closed lease knows what to return.</summary>
    public void Settle(long leaseId, long nanos)
    {
        lock (_gate)
            if (_byId.TryGetValue(leaseId, out int index)) _books[index].SettledNanos += nanos;
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

    /// <summary>Applies a grant: raises the lease's headroom and makes it the campaign's current one.</summary>
    /// <param name="stopTicks">When this node stops bidding under it.</param>
    /// <param name="holdShare">1 in strict.</param>
    public void Grant(int campaign, long leaseId, int day, long grantedNanos, long stopTicks, float holdShare)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(leaseId, out int index))
            {
                if (grantedNanos <= 0) return;
                index = Open(leaseId, day, campaign);
            }

            ref LeaseAccount account = ref _accounts[index];
            ref LeaseBook book = ref _books[index];
            book.GrantedNanos += grantedNanos;
            // Its holds run out and all that it never settled returns: what is granted now is among that, and must not be bid with.
            if (book.IsRetired) return;
            account.HoldShare = holdShare;
            if (stopTicks > account.StopTicks) Volatile.Write(ref account.StopTicks, stopTicks);
            GrowRing(ref account, index);
            Interlocked.Add(ref account.HeadroomNanos, grantedNanos);
            Volatile.Write(ref _current[campaign], index);
        }
    }

    /// <summary>Ends every hold that is due and gives its money back. Returns the number of losses assumed.</summary>
    public int Sweep(int campaign, long nowTicks)
    {
        lock (_gate)
        {
            int ended = 0;
            for (int index = _current[campaign]; index != 0; index = _books[index].Older) ended += SweepOne(index, nowTicks);
            return ended;
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
            return new LeaseView(
                account.LeaseId, account.Day, headroom, book.GrantedNanos, book.SettledNanos, Volatile.Read(ref account.NextSeq), account.StopTicks,
                Volatile.Read(ref account.SeqLimit) - Volatile.Read(ref account.NextSeq));
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
        account.Ring = _holds.Allocate(1);
        account.SeqLimit = HoldSlab.CapacityOf(account.Ring);
        _books[index] = new LeaseBook { Older = _current[campaign], Campaign = campaign };
        _byId.Add(leaseId, index);
        return index;
    }

    /// <summary>Gives the ring four times the room when half of it is in use, so that bids find cells until the next refill.</summary>
    private void GrowRing(ref LeaseAccount account, int index)
    {
        long capacity = HoldSlab.CapacityOf(account.Ring);
        long used = Volatile.Read(ref account.NextSeq) - account.FirstOpenSeq;
        if (used * 2 < capacity) return;
        long old = account.Ring;
        long grown = _holds.Allocate(capacity * 4);
        if (!_outgrown.TryGetValue(index, out List<long>? rings)) _outgrown.Add(index, rings = []);
        rings.Add(old);
        Volatile.Write(ref account.Ring, grown);
        // Full fence: a bid thread that still wrote to the old ring either did so before this copy or sees the new address afterwards.
        Interlocked.MemoryBarrier();
        long end = Volatile.Read(ref account.NextSeq);
        for (long seq = account.FirstOpenSeq; seq < end; seq++)
        {
            ref Hold from = ref _holds[old, seq];
            // Not written yet: its bid thread will see the new address. An ended hold is copied too: without its expiry the front would wait for it.
            long expires = Volatile.Read(ref from.ExpiresTicks);
            if (expires == 0) continue;
            ref Hold to = ref _holds[grown, seq];
            Volatile.Write(ref to.HeldNanos, Volatile.Read(ref from.HeldNanos));
            Volatile.Write(ref to.ExpiresTicks, expires);
        }

        Volatile.Write(ref account.SeqLimit, account.FirstOpenSeq + HoldSlab.CapacityOf(grown));
    }

    private int SweepOne(int index, long nowTicks)
    {
        ref LeaseAccount account = ref _accounts[index];
        int ended = 0;
        long end = Volatile.Read(ref account.NextSeq);
        for (long seq = account.FirstOpenSeq; seq < end; seq++)
        {
            ref Hold hold = ref _holds[account.Ring, seq];
            long expires = Volatile.Read(ref hold.ExpiresTicks);
            if (expires == 0 || expires > nowTicks) continue;
            long amount = Interlocked.Exchange(ref hold.HeldNanos, 0);
            if (amount == 0) continue;
            ended++;
            if (!_books[index].IsRetired) Interlocked.Add(ref account.HeadroomNanos, amount);
        }

        Advance(ref account);
        return ended;
    }

    /// <summary>
    /// Moves past ended holds and frees their cells. A cell whose bid thread has taken the number but not yet written the hold looks ended;
    /// so the front only passes cells that were written, which their expiry tells: it is written last, so it is read first.
    /// </summary>
    private void Advance(ref LeaseAccount account)
    {
        long end = Volatile.Read(ref account.NextSeq);
        long first = account.FirstOpenSeq;
        while (first < end)
        {
            ref Hold hold = ref _holds[account.Ring, first];
            if (Volatile.Read(ref hold.ExpiresTicks) == 0 || Volatile.Read(ref hold.HeldNanos) != 0) break;
            hold.ExpiresTicks = 0;
            first++;
        }

        if (first == account.FirstOpenSeq) return;
        account.FirstOpenSeq = first;
        Volatile.Write(ref account.SeqLimit, first + HoldSlab.CapacityOf(account.Ring));
    }

    private struct LeaseBook
    {
        public long GrantedNanos;
        public long SettledNanos;
        public int Older;
        public int Campaign;
        public bool IsRetired;
    }
}

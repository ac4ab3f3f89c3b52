namespace AutoBid.Engine.Leases;

/// <content>How holds end: by their bill, a loss, or the end of their time; and what the store says of a lease.</content>
public sealed partial class LeaseDesk
{
    /// <summary>
    /// Ends a hold and returns what it held: 0 when it had ended before (billed, lost, or assumed lost). The amount does not return to headroom:
    /// the caller settles it or gives it back with <see cref="GiveBack"/>.
    /// </summary>
    public long EndHold(long leaseId, long seq)
    {
        lock (_gate) return _byId.TryGetValue(leaseId, out int index) ? Math.Max(End(index, seq, 0), 0) : 0;
    }

    /// <summary>Returns money of an ended hold to headroom.</summary>
    public void GiveBack(long leaseId, long nanos)
    {
        lock (_gate)
            if (_byId.TryGetValue(leaseId, out int index)) Return(index, nanos);
    }

    /// <summary>Takes money that no hold covers (a price above its hold). False: headroom has not that much.</summary>
    public bool TryTake(long leaseId, long nanos)
    {
        lock (_gate) return _byId.TryGetValue(leaseId, out int index) && Take(index, nanos, nanos) == nanos;
    }

    /// <summary>Records what was settled under a lease, so that a closed lease knows what to return.</summary>
    public void Settle(long leaseId, long nanos)
    {
        lock (_gate)
            if (_byId.TryGetValue(leaseId, out int index)) _books[index].SettledNanos += nanos;
    }

    /// <summary>
    /// What was settled here was refused by the store: the campaigns' ledger is another node's, which reads the same bills. Their holds have ended, so the
    /// money waits, neither headroom nor settled, until it is told again: by that node's outcomes, or by the same bills if the ledger comes back here.
    /// </summary>
    public void Unsettle(long leaseId, long nanos)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(leaseId, out int index)) return;
            ref LeaseBook book = ref _books[index];
            book.SettledNanos -= nanos;
            book.DoubtNanos += nanos;
            book.IsDoubtSettled = false;
        }
    }

    /// <summary>
    /// Ends the hold of a bid with its bill and settles what the lease pays of it: the price, as far as the hold and, above it, headroom reach. A hold that
    /// had ended pays what is in doubt of it, else nothing.
    /// </summary>
    /// <param name="heldNanos">What the hold had; 0: it had ended.</param>
    /// <param name="isShort">
    /// The store has settled more under this lease than was heard of here or could be kept back: whether it still has what the holds have, only it can say.
    /// </param>
    /// <returns>Nanos paid on time.</returns>
    public long Pay(long leaseId, long seq, long priceNanos, out long heldNanos, out bool isShort)
    {
        lock (_gate)
        {
            (heldNanos, isShort) = (0, false);
            if (!_byId.TryGetValue(leaseId, out int index)) return 0;
            ref LeaseBook book = ref _books[index];
            isShort = book.UnheardNanos > book.KeptNanos;
            heldNanos = Math.Max(End(index, seq, 0), 0);
            if (heldNanos == 0) heldNanos = TakeDoubt(index, priceNanos);
            if (heldNanos == 0) return 0;
            long paid = Math.Min(heldNanos, priceNanos);
            Return(index, heldNanos - paid);
            if (paid < priceNanos) paid += Take(index, priceNanos - paid, priceNanos - paid);
            book.SettledNanos += paid;
            return paid;
        }
    }

    /// <summary>
    /// Another node, which owns the campaign's ledger, settled a bill of this node's bid. Ends the hold and returns what is left of it to headroom;
    /// where the hold had ended before, or the price exceeds it, the difference is taken out of headroom as far as there is any, and the rest is kept
    /// back from what returns later. A second telling changes nothing as long as the hold's cell is there; after that it takes from headroom once more,
    /// which errs towards bidding less until the lease is closed.
    /// </summary>
    /// <returns>False when the lease does not live here, the bid was never made, or its bill was told before.</returns>
    public bool TryBill(long leaseId, long seq, long priceNanos)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(priceNanos);
        lock (_gate)
        {
            if (!_byId.TryGetValue(leaseId, out int index) || seq < 0 || seq >= Issued(index)) return false;
            long held = End(index, seq, Hold.Billed);
            if (held == Hold.Billed) return false;
            if (held == 0) held = TakeDoubt(index, priceNanos);
            long covered = Math.Min(held, priceNanos);
            covered += Take(index, priceNanos - covered, 0);
            ref LeaseBook book = ref _books[index];
            book.SettledNanos += covered;
            book.UnheardNanos += priceNanos - covered;
            Return(index, held - priceNanos);
            return true;
        }
    }

    /// <summary>
    /// Takes over the store's cumulative figures of a lease. What it granted beyond what is known here (its answer was lost) becomes headroom; what it
    /// settled beyond what was heard of here, outcomes under way or lost, is kept back: at once as far as there is headroom, and else from what holds
    /// return. So from here on headroom + open holds &lt;= granted - settled by the store, or headroom is 0.
    /// </summary>
    /// <param name="grantedNanos">Granted under the lease in all.</param>
    /// <param name="settledNanos">Settled under the lease in all, read after everything that was heard of here was settled there.</param>
    /// <param name="pendingNanos">What was settled here (<see cref="Settle"/>) and is not yet in <paramref name="settledNanos"/>.</param>
    public void Reconcile(long leaseId, long grantedNanos, long settledNanos, long pendingNanos = 0)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(leaseId, out int index)) return;
            ref LeaseBook book = ref _books[index];
            long forgotten = Math.Max(book.GrantedNanos - grantedNanos, 0);
            long unknown = Math.Max(grantedNanos - book.GrantedNanos, 0);
            // What is in doubt here is what the store settles first of what was not heard of.
            long unexplained = settledNanos + forgotten - (book.SettledNanos - pendingNanos) - book.DoubtNanos;
            book.UnheardNanos = Math.Max(unexplained, 0);
            book.IsDoubtSettled = unexplained >= 0;
            if (book.KeptNanos > book.UnheardNanos)
            {
                long released = book.KeptNanos - book.UnheardNanos;
                book.KeptNanos = book.UnheardNanos;
                Return(index, released);
            }
            else if (book.IsRetired)
            {
                long idle = Math.Min(book.UnheardNanos - book.KeptNanos, book.IdleNanos);
                book.IdleNanos -= idle;
                book.KeptNanos += idle;
            }
            else
            {
                book.KeptNanos += Take(index, book.UnheardNanos - book.KeptNanos, 0);
            }

            book.GrantedNanos += unknown;
            Return(index, unknown);
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

    /// <summary>Sum of a lease's open holds, cell by cell: what the money invariant is checked against.</summary>
    internal long OpenNanos(long leaseId)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(leaseId, out int index)) return 0;
            long sum = 0;
            for (long number = _books[index].FirstSegment; number < _books[index].EndSegment; number++)
            {
                int segment = _holds.Entry(_accounts[index].Directory, number);
                for (int i = 0; i < HoldSlab.SegmentCells && segment != 0; i++) sum += Math.Max(_holds.Cell(segment, i).HeldNanos, 0);
            }

            return sum;
        }
    }

    private long TakeDoubt(int index, long priceNanos)
    {
        ref LeaseBook book = ref _books[index];
        long taken = Math.Min(book.DoubtNanos, priceNanos);
        book.DoubtNanos -= taken;
        return taken;
    }

    private int SweepOne(int index, long nowTicks)
    {
        ref LeaseBook book = ref _books[index];
        int directory = _accounts[index].Directory;
        long returned = 0;
        int ended = 0;
        long issued = Issued(index);
        for (long number = book.FirstSegment; number << HoldSlab.SegmentShift < issued; number++)
        {
            for (int i = 0; i < HoldSlab.SegmentCells; i++)
            {
                // Gone as soon as its last hold has ended.
                int segment = _holds.Entry(directory, number);
                if (segment == 0) break;
                ref Hold hold = ref _holds.Cell(segment, i);
                long expires = Volatile.Read(ref hold.ExpiresTicks);
                if (expires == 0 || expires > nowTicks || hold.HeldNanos <= 0) continue;
                returned += hold.HeldNanos;
                hold.HeldNanos = 0;
                ended++;
                CountEnded(index, number, segment);
            }
        }

        Return(index, returned);
        return ended;
    }

    /// <summary>Ends a hold: what it held; 0 when it had ended or is not there, <see cref="Hold.Billed"/> when another node's bill had ended it.</summary>
    private long End(int index, long seq, long mark)
    {
        ref LeaseBook book = ref _books[index];
        long number = seq >> HoldSlab.SegmentShift;
        if (seq < 0 || number < book.FirstSegment || seq >= Issued(index)) return 0;
        int segment = _holds.Entry(_accounts[index].Directory, number);
        if (segment == 0) return 0;
        ref Hold hold = ref _holds.Cell(segment, seq);
        // Not written yet: no answer carried this number, so nobody can name it.
        if (Volatile.Read(ref hold.ExpiresTicks) == 0) return 0;
        long held = hold.HeldNanos;
        if (held == Hold.Billed) return held;
        hold.HeldNanos = mark;
        if (held > 0) CountEnded(index, number, segment);
        return held;
    }

    private void CountEnded(int index, long number, int segment)
    {
        ref LeaseBook book = ref _books[index];
        book.Ended++;
        if (++_holds.Ended(segment) < HoldSlab.SegmentCells) return;
        int directory = _accounts[index].Directory;
        _holds.Entry(directory, number) = 0;
        _holds.FreeSegment(segment);
        while (book.FirstSegment < book.EndSegment && _holds.Entry(directory, book.FirstSegment) == 0) book.FirstSegment++;
    }

    /// <summary>
    /// Money that comes back, or comes new: what was settled without being heard of is kept back first. Of a retired lease nothing comes back to be bid
    /// with: it lies idle until the store closes the lease, or grants under it again.
    /// </summary>
    private void Return(int index, long nanos)
    {
        ref LeaseBook book = ref _books[index];
        if (nanos <= 0) return;
        if (book.IsRetired)
        {
            book.IdleNanos += nanos;
            return;
        }

        long kept = Math.Clamp(book.UnheardNanos - book.KeptNanos, 0, nanos);
        book.KeptNanos += kept;
        if (nanos > kept) Interlocked.Add(ref _accounts[index].HeadroomNanos, nanos - kept);
    }

    /// <summary>Takes up to <paramref name="nanos"/> out of headroom, nothing when it has less than <paramref name="least"/>. Returns what was taken.</summary>
    private long Take(int index, long nanos, long least)
    {
        ref LeaseAccount account = ref _accounts[index];
        long headroom = Volatile.Read(ref account.HeadroomNanos);
        while (true)
        {
            long taken = Math.Min(headroom, nanos);
            if (taken <= 0 || taken < least) return 0;
            long seen = Interlocked.CompareExchange(ref account.HeadroomNanos, headroom - taken, headroom);
            if (seen == headroom)
            {
                long low = (long)account.LowNanos;
                if (headroom >= low && headroom - taken < low) _marks.Set(_books[index].Campaign);
                return taken;
            }

            headroom = seen;
        }
    }
}

using System.Globalization;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Model;

/// <content>What each command does.</content>
internal sealed partial class ModelRun
{
    private async Task DoAsync(Command command)
    {
        switch (command)
        {
            case Command.Bids c: Bid(c); break;
            case Command.Bill c: Bill(c); break;
            case Command.Lose c when Of(_bids, c.Bid) is { } bid: Send(OfBid(EventKind.Loss, bid, 0), $"loss {bid.Lease}#{bid.Seq}", bid.Day, false, bid, c.Delay); break;
            case Command.Win c when Of(_bids, c.Bid) is { } bid: Send(OfBid(EventKind.Win, bid, bid.PriceNanos), $"win {bid.Lease}#{bid.Seq}", bid.Day, false, bid, 0); break;
            case Command.Repeat c when Of(_sent, c.Event) is { } sent: Repeat(sent, c.OtherChannel); break;
            case Command.ForeignBill c:
                Send(Foreign(EventKind.Bill, c.Campaign, c.Nanos, c.Yesterday, out int day), $"foreign {_serial}", day, true, null, c.Delay);
                break;
            case Command.WrongCampaign c when Of(_bids, c.Bid) is { IsStolen: false } bid: Steal(bid); break;
            case Command.UnknownLease c:
                EngineEvent unknown = Foreign(EventKind.Bill, c.Campaign, c.Nanos, false, out int today) with { Lease = 1_000_000 + _serial, Seq = 1 };
                Send(unknown, $"unknown {_serial}", today, true, null, 0);
                break;
            case Command.DspLease c: await LeaseAsync(c.Campaign); break;
            case Command.DspBill c when _dspLeases.Count > 0: BillOfDsp(c); break;
            case Command.Correct { Nanos: not 0 } c:
                Send(Foreign(EventKind.Adjust, c.Campaign, c.Nanos, c.Yesterday, out int corrected), $"adjust {_serial}", corrected, true, null, 0);
                break;
            case Command.Convert c: Convert(c); break;
            case Command.DailyBudget c: Edit(c.Campaign, one => one with { DailyBudgetNanos = 20_000L * c.Percent }); break;
            case Command.FlightBudget c: Edit(2, one => one with { FlightBudgetNanos = 25_000L * c.Percent }); break;
            case Command.AccountBudget c:
                // Both state it: the account has the limit that was stated last.
                Edit(0, one => one with { AccountBudgetNanos = 30_000L * c.Percent });
                Edit(1, one => one with { AccountBudgetNanos = 30_000L * c.Percent });
                break;
            case Command.Pause c: Edit(c.Campaign, one => one with { Status = CampaignStatus.Paused }); break;
            case Command.Resume c when _settings[c.Campaign].Status != CampaignStatus.Active: Edit(c.Campaign, one => one with { Status = CampaignStatus.Active }); break;
            case Command.Advance c: await AdvanceAsync(c.Minutes, c.Order, 0, false); break;
            case Command.NextDay c: await AdvanceAsync((Now / TimeSpan.TicksPerDay + 1) * 1440 - Now / TimeSpan.TicksPerMinute + c.Minutes, 1, 0, false); break;
            case Command.Crash: await CrashAsync(); break;
            case Command.CrashWhile c: await AdvanceAsync(c.Minutes, 1, c.Write, c.AfterIt); break;
        }
    }

    private async Task CrashAsync()
    {
        // A moment later: the tick of this instant was made. What was read but changed nothing is read again.
        await RestartAsync(new DateTimeOffset(Now + 1, TimeSpan.Zero));
        await ToAsync(_time.GetUtcNow());
    }

    private static T? Of<T>(List<T> list, int number)
        where T : class
        => list.Count == 0 ? null : list[number % list.Count];

    private void Bid(Command.Bids command)
    {
        // The reference is 20 a unit of value.
        for (int i = 0; i < command.Count; i++)
        {
            if (TryBid(command.Campaign, command.PriceNanos / 20e9, out long at) is not { } offer) continue;
            _bids.Add(new NaiveBid
            {
                Campaign = command.Campaign,
                Lease = offer.Held.LeaseId,
                Seq = offer.Held.Seq,
                Day = DayOf(command.Campaign, at),
                PriceNanos = offer.PriceNanos,
                At = at,
                Expires = at + HoldTime.Ticks,
                Process = _process,
            });
        }
    }

    private void Bill(Command.Bill command)
    {
        if (Of(_bids, command.Bid) is not { IsStolen: false } bid) return;
        string key = $"bill {bid.Lease}#{bid.Seq}";
        // A bill that comes again is the same bill.
        if (_sent.Find(one => one.Key == key && one.Settles) is { } known) _outbox.Add((known, command.Delay));
        else Send(OfBid(EventKind.Bill, bid, Math.Max(1, bid.PriceNanos * command.Percent / 100)), key, bid.Day, true, bid, command.Delay);
    }

    private void Steal(NaiveBid bid)
    {
        string key = $"bill {bid.Lease}#{bid.Seq}";
        if (_sent.Exists(one => one.Key == key)) return;
        bid.IsStolen = true;
        int other = (bid.Campaign + 1) % _settings.Length;
        Send(OfBid(EventKind.Bill, bid, bid.PriceNanos) with { CampaignId = _settings[other].Id }, key, DayOf(other, bid.At), true, bid, 0);
    }

    private void Repeat(Sent sent, bool otherChannel)
    {
        bool isSpend = sent.Event.Kind is EventKind.Bill or EventKind.Win;
        if (!otherChannel || !isSpend) _outbox.Add((sent, 0));
        else _outbox.Add((sent with { Event = sent.Event with { Via = BillingChannel.Nurl }, Settles = false }, 0));
    }

    private async Task LeaseAsync(int campaign)
    {
        OutsideGrant? grant = await _engine.GrantToAsync(Tenant, _settings[campaign].Id, "dsp", default);
        if (grant is { Grant: { LeaseId: not 0 } lease }) _dspLeases.Add((lease.LeaseId, campaign, lease.Day, Now));
    }

    private void BillOfDsp(Command.DspBill command)
    {
        var (lease, campaign, day, at) = _dspLeases[command.Lease % _dspLeases.Count];
        EngineEvent e = Foreign(EventKind.Bill, campaign, command.Nanos, false, out _) with { Lease = lease, Seq = 1_000_000 + _serial, OriginTicks = at };
        Send(e, $"dsp {_serial}", day, true, null, command.Delay);
    }

    private void Convert(Command.Convert command)
    {
        EventKind kind = (EventKind)((int)EventKind.Convert + command.Kind);
        string key = $"{kind} {command.Campaign} {command.Id} {command.Revision}";
        if (_sent.Find(one => one.Key == key) is { } known)
        {
            _outbox.Add((known, command.Delay));
            return;
        }

        var e = new EngineEvent
        {
            Kind = kind,
            TenantId = Tenant,
            CampaignId = _settings[command.Campaign].Id,
            Source = "shop",
            Auction = $"{command.Campaign}-{command.Id}",
            Count = command.Revision,
            ValueMicros = kind == EventKind.Retract ? 0 : command.Value,
            OriginTicks = Now - TimeSpan.TicksPerMinute,
            TimeTicks = Now,
        };
        Send(e, key, 0, true, null, command.Delay);
    }

    private void Edit(int campaign, Func<Campaign, Campaign> change)
    {
        Campaign settings = change(_settings[campaign]) with { Version = _settings[campaign].Version + 1 };
        _settings[campaign] = settings;
        var e = new EngineEvent { Kind = EventKind.Campaign, TenantId = Tenant, CampaignId = settings.Id, Settings = settings, TimeTicks = Now };
        _outbox.Add((new Sent(e.Identified(), $"settings {settings.Id} {settings.Version}", 0, true, null), 0));
    }

    private EngineEvent OfBid(EventKind kind, NaiveBid bid, long nanos) => new()
    {
        Kind = kind,
        Via = BillingChannel.Burl,
        TenantId = Tenant,
        CampaignId = _settings[bid.Campaign].Id,
        Source = "x",
        Auction = string.Create(CultureInfo.InvariantCulture, $"a{bid.Lease}-{bid.Seq}"),
        Imp = "1",
        Bid = "b",
        Lease = bid.Lease,
        Seq = bid.Seq,
        AmountNanos = nanos,
        OriginTicks = bid.At,
        TimeTicks = Math.Max(Now, bid.At + 1),
    };

    private EngineEvent Foreign(EventKind kind, int campaign, long nanos, bool yesterday, out int day)
    {
        int serial = ++_serial;
        long origin = Now - (yesterday ? TimeSpan.TicksPerDay : 0);
        day = DayOf(campaign, origin);
        return new EngineEvent
        {
            Kind = kind,
            Via = BillingChannel.Burl,
            TenantId = Tenant,
            CampaignId = _settings[campaign].Id,
            Source = "x",
            Auction = $"f{serial}",
            Imp = "1",
            Bid = "b",
            Id = kind == EventKind.Adjust ? $"adjust-{serial}" : null,
            AmountNanos = nanos,
            OriginTicks = origin,
            TimeTicks = Now,
        };
    }

    private void Send(EngineEvent e, string key, int day, bool settles, NaiveBid? bid, int delay)
    {
        var sent = new Sent(e.Identified(), key, day, settles, bid);
        _sent.Add(sent);
        _outbox.Add((sent, delay));
    }
}

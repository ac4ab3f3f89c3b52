using System.Globalization;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Engine.Tests.Model;

namespace AutoBid.Engine.Tests.Nodes.Model;

/// <content>What each command does.</content>
internal sealed partial class ClusterRun
{
    private async Task DoAsync(ClusterCommand command)
    {
        switch (command)
        {
            case ClusterCommand.Bids c: Bid(c); break;
            case ClusterCommand.Bill c: Bill(c); break;
            case ClusterCommand.Lose c when Of(_bids, c.Bid) is { IsStolen: false } bid: Send(OfBid(EventKind.Loss, bid, 0), $"loss {bid.Lease}#{bid.Seq}", bid.Day, false, bid, c.Delay); break;
            case ClusterCommand.Repeat c when Of(_sent, c.Event) is { } sent: Repeat(sent, c.OtherChannel); break;
            case ClusterCommand.ForeignBill c: Send(Foreign(c.Campaign, c.Nanos), $"foreign {_serial}", Today, true, null, c.Delay); break;
            case ClusterCommand.WrongCampaign c when Of(_bids, c.Bid) is { IsStolen: false } bid: Steal(bid); break;
            case ClusterCommand.UnknownLease c: Send(Foreign(c.Campaign, c.Nanos) with { Lease = 1_000_000 + _serial, Seq = 1 }, $"unknown {_serial}", Today, true, null, 0); break;
            case ClusterCommand.Convert c: Convert(c); break;
            case ClusterCommand.DailyBudget c: Edit(c.Campaign, one => one with { DailyBudgetNanos = 20_000L * c.Percent }); break;
            case ClusterCommand.AccountBudget c:
                Edit(0, one => one with { AccountBudgetNanos = 30_000L * c.Percent });
                Edit(1, one => one with { AccountBudgetNanos = 30_000L * c.Percent });
                break;
            case ClusterCommand.Pause c: Edit(c.Campaign, one => one with { Status = CampaignStatus.Paused }); break;
            case ClusterCommand.Resume c when _settings[c.Campaign].Status != CampaignStatus.Active: Edit(c.Campaign, one => one with { Status = CampaignStatus.Active }); break;
            case ClusterCommand.Deliver c: await DeliverAsync(c.Order); break;
            case ClusterCommand.Turn c:
                for (int i = 0; i < c.Rounds; i++) await TurnAsync(c.Node);
                break;
            case ClusterCommand.Pass c: _time.Advance(TimeSpan.FromMilliseconds(c.Milliseconds)); break;
            case ClusterCommand.Rebalance c: await RebalanceAsync(c.Deal, c.Unheard); break;
            case ClusterCommand.Crash c: _nodes[c.Node].Fuse.Arm(c.Write, c.AfterIt); break;
            case ClusterCommand.StoreFault c: _nodes[c.Node].Fuse.ArmFault(c.Call, c.AfterIt); break;
            case ClusterCommand.Log c: _nodes[c.Node].Log.IsDown = c.IsDown; break;
            case ClusterCommand.Outcomes c: _cluster.LosesOutcomes = c.AreLost; break;
        }
    }

    private int Today => DayOf(Now);

    private static int DayOf(long ticks)
    {
        var at = new DateTime(ticks, DateTimeKind.Utc);
        return at.Year * 10000 + at.Month * 100 + at.Day;
    }

    private static T? Of<T>(List<T> list, int number)
        where T : class
        => list.Count == 0 ? null : list[number % list.Count];

    private void Bid(ClusterCommand.Bids command)
    {
        AutoBidEngine engine = _nodes[command.Node].Engine;
        if (!engine.Index.TryFind(_settings[command.Campaign].Id, out int index)) return;
        for (int i = 0; i < command.Count; i++)
        {
            // The reference is 20 a unit of value.
            BidOffer offer = engine.Bids.Decide(new BidQuery(index, command.PriceNanos / 20e9, 0, false), engine.Now, _hold.Ticks);
            if (!offer.IsBid) continue;
            Counts.Bids++;
            _bids.Add(new NaiveBid
            {
                Campaign = command.Campaign,
                Lease = offer.Held.LeaseId,
                Seq = offer.Held.Seq,
                Day = offer.Held.Day,
                PriceNanos = offer.PriceNanos,
                At = Now,
                Expires = Now + _hold.Ticks,
                Process = command.Node,
            });
        }
    }

    private void Bill(ClusterCommand.Bill command)
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
        Campaign other = _settings[(bid.Campaign + 1) % _settings.Length];
        Send(OfBid(EventKind.Bill, bid, bid.PriceNanos) with { CampaignId = other.Id }, key, DayOf(bid.At), true, bid, 0);
    }

    private void Repeat(Sent sent, bool otherChannel)
    {
        if (!otherChannel || sent.Event.Kind != EventKind.Bill) _outbox.Add((sent, 0));
        else _outbox.Add((sent with { Event = sent.Event with { Via = BillingChannel.Nurl }, Settles = false }, 0));
    }

    private void Convert(ClusterCommand.Convert command)
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

    private EngineEvent Foreign(int campaign, long nanos) => new()
    {
        Kind = EventKind.Bill,
        Via = BillingChannel.Burl,
        TenantId = Tenant,
        CampaignId = _settings[campaign].Id,
        Source = "x",
        Auction = $"f{++_serial}",
        Imp = "1",
        Bid = "b",
        AmountNanos = nanos,
        OriginTicks = Now,
        TimeTicks = Now,
    };

    private void Send(EngineEvent e, string key, int day, bool settles, NaiveBid? bid, int delay)
    {
        var sent = new Sent(e.Identified(), key, day, settles, bid);
        _sent.Add(sent);
        _outbox.Add((sent, delay));
    }

    private async Task DeliverAsync(int order)
    {
        Sent[] due = [.. _outbox.Where(one => one.Delay == 0).Select(one => one.Sent)];
        List<(Sent, int)> later = [.. _outbox.Where(one => one.Delay > 0).Select(one => (one.Sent, one.Delay - 1))];
        _outbox.Clear();
        _outbox.AddRange(later);
        if (order > 0) new Random(order).Shuffle(due);
        foreach (Sent sent in due)
        {
            await _world.AppendAsync(new[] { sent.Event }, default);
            if (_naive.Deliver(sent, Now) && sent.Event.Kind == EventKind.Bill) Counts.Bills++;
        }
    }
}

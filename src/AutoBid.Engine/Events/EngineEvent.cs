using AutoBid.Core.Campaigns;

namespace AutoBid.Engine.Events;

/// <summary>
/// One input event, decoded. A flat union: which fields count depends on <see cref="Kind"/>. Amounts are int64 (nanos, value x 1e9, micros),
/// instants are UTC ticks.
/// </summary>
public struct EngineEvent
{
    public EventKind Kind;

    /// <summary>Spend events: the channel it came on.</summary>
    public BillingChannel Via;

    /// <summary>BidStats: the last counts of its step. Opportunity: the signal's own bid won.</summary>
    public bool Flag;

    public EventIdentity Identity;

    public string TenantId;

    public string CampaignId;

    /// <summary>When it happened.</summary>
    public long TimeTicks;

    /// <summary>Spend: when the bid was made, which decides day and step of the money; 0 where a lease says it. Conversions: the click; 0: unknown.</summary>
    public long OriginTicks;

    /// <summary>Spend: price, or the signed delta of an adjust, nanos of account currency. BidStats: sum of bids.</summary>
    public long AmountNanos;

    /// <summary>Opportunity: predicted value x 1e9. BidStats: sum of value over opportunities x 1e9. Spend of an own bid: the value bid on x 1e9.</summary>
    public long ValueE9;

    /// <summary>Opportunity: minimum to win, nanos; -1: unknown. BidStats: sum of value over bids x 1e9.</summary>
    public long MarketNanos;

    /// <summary>Conversions: value in micros of account currency.</summary>
    public long ValueMicros;

    /// <summary>Own bids: lease and sequence number; lease 0: a foreign bid.</summary>
    public long Lease;

    /// <summary>Own bids: number of the bid under its lease. BidStats: local day as yyyymmdd; 0: not told.</summary>
    public long Seq;

    /// <summary>Conversions: revision. BidStats: opportunities.</summary>
    public long Count;

    /// <summary>BidStats: bids.</summary>
    public long Bids;

    /// <summary>BidStats: node. Spend and opportunities: exchange. Conversions: source.</summary>
    public string? Source;

    /// <summary>Spend, opportunity: auction id. Conversions: conversion id.</summary>
    public string? Auction;

    /// <summary>Spend, opportunity: impression. Conversions: the auction that led to it; null: not told.</summary>
    public string? Imp;

    public string? Bid;

    /// <summary>Adjust: its own id.</summary>
    public string? Id;

    /// <summary>Campaign: the new settings.</summary>
    public Campaign? Settings;

    /// <summary>Where it was read.</summary>
    public int Partition;

    public long Offset;
}

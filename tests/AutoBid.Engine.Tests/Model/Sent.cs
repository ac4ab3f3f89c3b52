using AutoBid.Engine.Events;

namespace AutoBid.Engine.Tests.Model;

/// <summary>One event of the outside world, as its sender knows it.</summary>
/// <param name="Key">Business key in plain words: what makes two sendings one event.</param>
/// <param name="Day">Spend: day of the bid, yyyymmdd.</param>
/// <param name="Settles">False for another channel than the billing one, and for wins and losses.</param>
/// <param name="Bid">The own bid it speaks of; null: none.</param>
internal sealed record Sent(EngineEvent Event, string Key, int Day, bool Settles, NaiveBid? Bid);

using System.Globalization;
using AutoBid.Core.Money;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>The service's ledger before a live run and after it, against what the exchange counted.</summary>
internal sealed class LiveLedger(ServiceClient service, IReadOnlyList<MarketCampaign> campaigns, TimeProvider time)
{
    /// <summary>For the last notices and conversions to go through log and loop.</summary>
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly TrajectoryAnswer[] _before = new TrajectoryAnswer[campaigns.Count];
    private readonly TrajectoryAnswer[] _after = new TrajectoryAnswer[campaigns.Count];

    public async Task BeginAsync(CancellationToken cancellation) => await ReadAsync(_before, cancellation);

    /// <summary>Reads the ledger until it agrees with the exchange, or has had its time to.</summary>
    public async Task<IReadOnlyList<LiveCampaign>> SettleAsync(IReadOnlyList<MarketTotals> exchange, CancellationToken cancellation)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            await ReadAsync(_after, cancellation);
            LiveCampaign[] compared = [.. exchange.Select(Compare)];
            if (compared.All(c => c.Agrees) || time.GetElapsedTime(started) > SettleLimit) return compared;
            await Task.Delay(Pause, time, cancellation);
        }
    }

    /// <summary>One sentence for each thing that does not agree.</summary>
    public IEnumerable<string> Problems(IReadOnlyList<LiveCampaign> compared)
    {
        for (int i = 0; i < compared.Count; i++)
        {
            LiveCampaign c = compared[i];
            if (_before[i].Day != _after[i].Day && _before[i].Day != 0)
            {
                yield return Text($"{c.Id}: the day changed from {_before[i].Day} to {_after[i].Day} during the run, the ledgers cannot be compared");
                continue;
            }

            if (c.LedgerSpend != c.Spend) yield return Text($"{c.Id}: the ledger moved by {c.LedgerSpend}, the exchange billed {c.Spend}");
            if (c.LedgerWins != c.Wins) yield return Text($"{c.Id}: the ledger has {c.LedgerWins} wins, the exchange {c.Wins}");
            if (c.LedgerConversions != c.Conversions) yield return Text($"{c.Id}: the ledger has {c.LedgerConversions} conversions, the exchange sent {c.Conversions}");
            decimal within = _after[i].Spent - _after[i].Adjustments;
            if (within > _after[i].Budget) yield return Text($"{c.Id}: spend {_after[i].Spent} minus adjustments {_after[i].Adjustments} exceeds the budget {_after[i].Budget}");
        }
    }

    private LiveCampaign Compare(MarketTotals exchange, int campaign)
    {
        TrajectoryAnswer before = _before[campaign], after = _after[campaign];
        return new LiveCampaign
        {
            Id = campaigns[campaign].Id,
            Bids = exchange.Bids,
            Wins = exchange.Wins,
            Spend = Nanos.ToDecimal(exchange.CostNanos),
            Conversions = exchange.Conversions,
            LedgerWins = (long)(after.Steps.Sum(step => step.Wins) - before.Steps.Sum(step => step.Wins)),
            LedgerSpend = after.Spent - before.Spent,
            LedgerConversions = after.Conversions - before.Conversions,
            LedgerAdjustments = after.Adjustments - before.Adjustments,
            Multiplier = after.Multiplier,
        };
    }

    private async Task ReadAsync(TrajectoryAnswer[] into, CancellationToken cancellation)
    {
        for (int i = 0; i < into.Length; i++) into[i] = await service.GetTrajectoryAsync(campaigns[i].Id, cancellation);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using AutoBid.Cli.Exchange;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Output;

/// <summary>A line every few steps, for pipes and logs.</summary>
internal sealed class PlainRunView(TextWriter output) : IRunView
{
    private const int Every = 4;

    public void Say(string line)
    {
        output.WriteLine(line);
        output.Flush();
    }

    public Task<T> WatchAsync<T>(Func<Action<MarketProgress, IReadOnlyList<TrajectoryAnswer>>, Task<T>> play) => play(Show);

    private void Show(MarketProgress progress, IReadOnlyList<TrajectoryAnswer> ledgers)
    {
        if (progress.Step % Every != 0 && progress.Step != progress.Steps) return;
        string multipliers = string.Join(' ', ledgers.Select(l => l.Multiplier.ToString("0.00", CultureInfo.InvariantCulture)));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"step {progress.Step}/{progress.Steps}  requests {progress.Requests:N0}  bids {progress.Bids:N0}  wins {progress.Wins:N0}  spend {ledgers.Sum(l => l.Spent):N2}  conversions {ledgers.Sum(l => l.Conversions):N0}  multipliers {multipliers}"));
        output.Flush();
    }
}

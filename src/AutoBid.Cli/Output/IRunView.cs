using AutoBid.Cli.Exchange;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Output;

/// <summary>Shows a day while it is played.</summary>
internal interface IRunView
{
    /// <summary>Shows one line and leaves it standing.</summary>
    void Say(string line);

    /// <summary>Runs the play and shows each step that it reports, with the ledgers at the end of that step.</summary>
    Task<T> WatchAsync<T>(Func<Action<MarketProgress, IReadOnlyList<TrajectoryAnswer>>, Task<T>> play);
}

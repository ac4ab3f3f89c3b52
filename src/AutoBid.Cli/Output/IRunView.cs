using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Output;

/// <summary>Shows a day while it is played.</summary>
internal interface IRunView
{
    /// <summary>Runs the play and shows each step that it reports, with the ledgers at the end of that step.</summary>
    Task<T> WatchAsync<T>(Func<Action<ExchangeProgress, IReadOnlyList<TrajectoryAnswer>>, Task<T>> play);
}

using AutoBid.Simulator.Random;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>When requests are due, whatever became of the ones before them: the open loop.</summary>
/// <param name="rate">Requests a second on average.</param>
/// <param name="length">No request is due at or after it.</param>
internal sealed class ArrivalSchedule(Arrivals arrivals, double rate, TimeSpan length, ulong seed)
{
    private readonly RandomStream _gaps = new StepDraws(seed, -1, 0).Stream(0, DrawPurpose.ArrivalTime);
    private long _index;
    private double _seconds;

    /// <summary>The next instant since the start; false at the end.</summary>
    public bool TryNext(out TimeSpan due)
    {
        _seconds = arrivals == Arrivals.Poisson ? _seconds + _gaps.Exponential(_index) / rate : _index / rate;
        _index++;
        due = _seconds < length.TotalSeconds ? TimeSpan.FromSeconds(_seconds) : length;
        return due < length;
    }
}

using AutoBid.Engine.Events;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>Holds the conversions of a live run until their time has come, then sends them. Added to from many threads, sent by one.</summary>
internal sealed class ConversionSender(MarketPlayOptions market, IConversionSink sink, TimeProvider time)
{
    private const int AtOnce = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly ConversionQueue _queue = new(market);
    private readonly EngineEvent[] _due = new EngineEvent[AtOnce];
    private readonly long[] _sent = new long[market.Market.Campaigns.Count];

    /// <summary>Acknowledged, by campaign.</summary>
    public IReadOnlyList<long> Sent => _sent;

    /// <summary>Not due yet.</summary>
    public int Pending
    {
        get
        {
            lock (_gate) return _queue.Count;
        }
    }

    public FailureCounts Failures { get; } = new();

    /// <summary>Remembers the conversion of an impression that was bid for at <paramref name="clickTicks"/> (UTC) and converts <paramref name="delay"/> later.</summary>
    public void Add(int opportunity, int campaign, string auction, long clickTicks, TimeSpan delay, long valueMicros)
    {
        lock (_gate) _queue.Add(opportunity, campaign, auction, clickTicks, clickTicks + delay.Ticks, valueMicros);
    }

    /// <summary>Sends what is due, again and again, until nothing is left and <paramref name="complete"/> says that nothing more comes.</summary>
    /// <param name="stop">Ends it between two batches, so that no batch is sent and not counted.</param>
    public async Task RunAsync(Func<bool> complete, CancellationToken stop, CancellationToken cancellation)
    {
        while (true)
        {
            bool last = complete();
            while (await SendDueAsync(cancellation))
            {
            }

            if (stop.IsCancellationRequested || (last && Pending == 0)) return;
            await Task.Delay(Pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<bool> SendDueAsync(CancellationToken cancellation)
    {
        var campaigns = new List<int>();
        int count;
        lock (_gate) count = _queue.Take(time.GetUtcNow().UtcTicks, _due, (campaign, _) => campaigns.Add(campaign));
        if (count == 0) return false;
        IReadOnlyList<string> errors = await sink.SendAsync(_due.AsMemory(0, count), cancellation);
        foreach (string error in errors) Failures.Add(error);
        // Which of a batch were refused is not told one by one: a batch with errors is an error of the run anyway.
        if (errors.Count == 0) foreach (int campaign in campaigns) _sent[campaign]++;
        return true;
    }
}

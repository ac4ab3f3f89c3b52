using AutoBid.Core.Time;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Fakes;

/// <summary>An engine whose live loop runs, with one campaign (c1), on a clock that the test moves.</summary>
public abstract class LiveLoop : IAsyncLifetime
{
    private readonly PolicyMetrics _metrics = new();

    protected LiveLoop()
        => Engine = new AutoBidEngine(new EngineOptions(), new EngineClocks(Time, Time, false), Log, Store, Bench.Chain(_metrics), Identities.Of);

    private protected ManualTimeProvider Time { get; } = new(Bench.Midnight.AddHours(10).AddSeconds(7));

    private protected InMemoryEventLog Log { get; } = new();

    private protected InMemoryLedgerStore Store { get; } = new();

    protected CancellationTokenSource Stop { get; } = new();

    protected AutoBidEngine Engine { get; }

    protected Task Loop { get; private set; } = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        await Engine.StartAsync(new[] { Bench.Campaign() }.ToAsyncEnumerable(), default);
        Loop = Task.Run(() => Engine.RunAsync(Stop.Token));
        // The state with which it started, which else would be in the first commit of some tests and in the second of others.
        await Until(() => Task.FromResult(Store.Commits > 0));
        // And the round that began it is over: what a test does to the store's answers is not done to this one.
        await Engine.LookAsync("t1", "c1", default);
    }

    public async ValueTask DisposeAsync()
    {
        // A test that failed while it held an answer back: the loop's last commit would wait for it for ever.
        Store.HoldAnswers?.TrySetResult();
        await Stop.CancelAsync();
        await Loop;
        await Engine.DisposeAsync();
        _metrics.Dispose();
        Stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the loop turns until it has done what is waited for; a loop that has died ends the wait with its error.</summary>
    protected async Task Until(Func<Task<bool>> done)
    {
        for (int i = 0; i < 1_000_000; i++)
        {
            if (await done()) return;
            if (Loop.IsCompleted) await Loop;
            await Task.Yield();
        }

        Assert.Fail("the loop never got there");
    }

    /// <summary>
    /// The same while time goes on, a little after many turns: faster than the loop gets its turns it would run past holds and leases.
    /// </summary>
    protected async Task UntilLater(Func<Task<bool>> done)
    {
        int turns = 0;
        await Until(() =>
        {
            if (++turns % 100 == 0) Time.Advance(TimeSpan.FromMilliseconds(1));
            return done();
        });
    }

    protected Task UntilSpent(long nanos) => Until(async () => (await Engine.LookAsync("t1", "c1", default))!.SpentNanos == nanos);
}

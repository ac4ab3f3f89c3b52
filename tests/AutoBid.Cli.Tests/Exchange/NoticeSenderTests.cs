using System.Net;
using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Tests.Exchange;

public sealed class NoticeSenderTests
{
    [Fact]
    public async Task TriesAgainABoundedNumberOfTimes()
    {
        var handler = new Answers(_ => HttpStatusCode.ServiceUnavailable);
        await using NoticeSender sender = Create(handler);
        await sender.SendAsync("http://x/1");
        await sender.DrainAsync();
        Assert.Equal(6, handler.Calls);
        Assert.Equal(5, sender.Retries);
        Assert.Equal(0, sender.Sent);
        Assert.Equal(1, sender.Failures.ToDictionary()["HTTP 503"]);
    }

    [Fact]
    public async Task SucceedsOnALaterAttempt()
    {
        var handler = new Answers(call => call < 3 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK);
        await using NoticeSender sender = Create(handler);
        await sender.SendAsync("http://x/1");
        await sender.DrainAsync();
        Assert.Equal(1, sender.Sent);
        Assert.Equal(2, sender.Retries);
        Assert.Equal(0, sender.Failures.Total);
    }

    [Fact]
    public async Task ABrokenConnectionIsTriedAgain()
    {
        var handler = new Answers(call => call == 1 ? throw new HttpRequestException(HttpRequestError.ConnectionError) : HttpStatusCode.OK);
        await using NoticeSender sender = Create(handler);
        await sender.SendAsync("http://x/1");
        await sender.DrainAsync();
        Assert.Equal(1, sender.Sent);
    }

    [Fact]
    public async Task DrainsMoreThanItsQueueHolds()
    {
        var handler = new Answers(_ => HttpStatusCode.OK);
        await using NoticeSender sender = Create(handler);
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 3_000; i++) await sender.SendAsync("http://x/1");
            await sender.DrainAsync();
            Assert.Equal(3_000 * (round + 1), sender.Sent);
        }

        await sender.DrainAsync();
    }

    [Fact]
    public async Task CountsWhatIsNoAddress()
    {
        await using NoticeSender sender = Create(new Answers(_ => HttpStatusCode.OK));
        await sender.SendAsync("not a url");
        await sender.DrainAsync();
        Assert.Equal(1, sender.Failures.ToDictionary()["not a URL"]);
    }

    private static NoticeSender Create(HttpMessageHandler handler) => new(new HttpMessageInvoker(handler), new Immediately(), CancellationToken.None);

    private sealed class Answers(Func<int, HttpStatusCode> answer) : HttpMessageHandler
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            int call = Interlocked.Increment(ref _calls);
            return Task.FromResult(new HttpResponseMessage(answer(call)));
        }
    }

    // Pauses end at once: the test must not wait for them.
    private sealed class Immediately : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
            => base.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
    }
}

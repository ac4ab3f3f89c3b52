using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using AutoBid.Cli.Exchange;

namespace AutoBid.Chaos.Tests.Process;

/// <summary>
/// Bid requests and notices over HTTP as a careless world sends them: some bills twice, some late, some above the bid, some given up after they failed, the
/// others again until they are acknowledged. It knows nothing of the service but its answers.
/// </summary>
internal sealed partial class ChaosExchange : IAsyncDisposable
{
    private const int Workers = 3;

    private readonly string[] _campaigns;
    private readonly string _run;
    private readonly CancellationTokenSource _stop = new();
    private readonly PriorityQueue<SentNotice, long> _later = new();
    private readonly Lock _gate = new();
    private readonly List<Task> _tasks = [];
    private readonly Random _random;
    private volatile ServiceDoor[] _doors = [];
    private int _auctions;
    private int _inFlight;
    private volatile bool _paused;
    private long _noticesRefused;

    public ChaosExchange(Uri service, IEnumerable<string> campaigns, int seed, string run = "r")
        : this(campaigns, seed, run) => Open(new ServiceDoor(service));

    /// <summary>An exchange that knows no node yet.</summary>
    public ChaosExchange(IEnumerable<string> campaigns, int seed, string run = "r")
    {
        (_campaigns, _run, _random) = ([.. campaigns], run, new Random(seed));
        _tasks.Add(Task.Run(NotifyAsync));
        _tasks.Add(Task.Run(ConvertAsync));
    }

    public ExchangeLedger Ledger { get; } = new();

    /// <summary>Bids received so far.</summary>
    public long Bids => _doors.Sum(door => door.Bids);

    /// <summary>Notices answered with 503.</summary>
    public long NoticesRefused => Interlocked.Read(ref _noticesRefused);

    /// <summary>Longest time between two bids, pauses of the exchange itself not counted.</summary>
    public TimeSpan LongestPause => _doors.Max(door => door.LongestPause);

    /// <summary>Begins to ask one more node.</summary>
    public void Open(ServiceDoor door)
    {
        lock (_gate)
        {
            _doors = [.. _doors, door];
            for (int i = 0; i < Workers; i++) _tasks.Add(Task.Run(() => BidAsync(door)));
        }
    }

    /// <summary>Asks a node no more; bills of its bids go to the others.</summary>
    public void Close(ServiceDoor door)
    {
        door.IsClosed = true;
        lock (_gate) _doors = [.. _doors.Where(one => one != door)];
    }

    /// <summary>Stops asking, and waits until every bill has been acknowledged or given up and nothing is under way.</summary>
    public async Task SettleAsync(TimeSpan limit)
    {
        _paused = true;
        await Eventually.HoldsAsync(
            () => Task.FromResult(Volatile.Read(ref _inFlight) == 0 && Waiting == 0), limit, () => $"{Waiting} notices wait, {_inFlight} calls are under way");
    }

    public void Resume()
    {
        foreach (ServiceDoor door in _doors) door.Rested();
        _paused = false;
    }

    /// <summary>Returns when a bid came after this call.</summary>
    public async Task<TimeSpan> NextBidAsync(TimeSpan limit)
    {
        long started = Stopwatch.GetTimestamp(), before = Bids;
        await Eventually.HoldsAsync(() => Task.FromResult(Bids > before), limit, () => "no bid came");
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Returns when so many more bills were acknowledged: a fault without load before it proves nothing.</summary>
    public async Task LoadAsync(int bills)
    {
        int Acknowledged() => Ledger.Bills.Count(bill => bill.IsAcknowledged);
        int wanted = Acknowledged() + bills;
        await Eventually.HoldsAsync(() => Task.FromResult(Acknowledged() >= wanted), TimeSpan.FromSeconds(60), () => $"{Acknowledged()} of {wanted} bills are acknowledged");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (ServiceDoor door in _doors) door.Dispose();
        _stop.Dispose();
    }

    private int Waiting
    {
        get
        {
            lock (_gate) return _later.Count;
        }
    }

    private int Draw(int below)
    {
        lock (_gate) return _random.Next(below);
    }

    private async Task BidAsync(ServiceDoor door)
    {
        var reader = new BidAnswerReader(_campaigns);
        var answer = new BidAnswer();
        while (!_stop.IsCancellationRequested && !door.IsClosed)
        {
            // A market of some hundred requests a second: the machine has other work.
            await Task.Delay(TimeSpan.FromMilliseconds(Draw(12)), _stop.Token);
            if (_paused) continue;
            Interlocked.Increment(ref _inFlight);
            try
            {
                string auction = string.Create(CultureInfo.InvariantCulture, $"{_run}-{Interlocked.Increment(ref _auctions)}");
                (HttpStatusCode status, byte[] body) = await door.SendAsync(HttpMethod.Post, "/openrtb2/bid", Request(auction), _stop.Token);
                if (status != HttpStatusCode.OK || reader.Read(body, Encoding.UTF8.GetBytes(auction), answer) is not null || !answer.HasBid) continue;
                door.SawBid();
                Resolve(door, auction, answer);
            }
            catch (Exception e) when (IsFailure(e))
            {
                // The service is away: the auction goes on without it.
            }
            finally
            {
                Interlocked.Decrement(ref _inFlight);
            }
        }
    }

    private string Request(string auction)
    {
        string campaign = _campaigns[Draw(_campaigns.Length)];
        string value = string.Create(CultureInfo.InvariantCulture, $"0.000{1 + Draw(900):000}");
        return $$$$"""
            {"id":"{{{{auction}}}}","imp":[{"id":"1","banner":{"w":300,"h":250},"ext":{"autobid":{"candidates":[
            {"campaign":"{{{{campaign}}}}","value":{{{{value}}}},"crid":"1","adomain":["a.example"],"adm":"<a/>"}]}}}]}
            """;
    }

    /// <summary>Another node than the one that failed, where there is one.</summary>
    private ServiceDoor Other(ServiceDoor failed)
    {
        ServiceDoor[] doors = _doors;
        int at = Array.IndexOf(doors, failed);
        return doors.Length == 0 ? failed : doors[at < 0 ? Draw(doors.Length) : (at + 1) % doors.Length];
    }

    private bool IsFailure(Exception e) => e is HttpRequestException or IOException || (e is OperationCanceledException && !_stop.IsCancellationRequested);
}

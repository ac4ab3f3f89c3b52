using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using AutoBid.Cli.Exchange;

namespace AutoBid.Chaos.Tests.Process;

/// <content>What becomes of a bid, and the shop behind it.</content>
internal sealed partial class ChaosExchange
{
    private void Resolve(ServiceDoor door, string auction, BidAnswer answer)
    {
        int fate = Draw(100);
        if (fate >= 95) return;
        string Url(string template, long price) => NoticeMacros.Substitute(template, price, price, NoticeMacros.Won, auction, answer.BidId);
        if (fate >= 60)
        {
            // A loss notice that does not arrive costs nobody money: the hold runs out.
            _ = CallAsync(door, Url(answer.LossUrl!, 0));
            return;
        }

        long price = Math.Max(1, answer.PriceNanos * (Draw(100) < 4 ? 120 : 50 + Draw(51)) / 100);
        var bill = new SentNotice(_campaigns[answer.Campaign], auction, price, Url(answer.BillUrl!, price), door);
        Ledger.Bills.Enqueue(bill);
        Later(bill, TimeSpan.FromMilliseconds(fate < 8 ? 1000 + Draw(4000) : Draw(20)));
        if (fate % 10 == 0) Later(bill, TimeSpan.FromMilliseconds(Draw(3000)));
        if (answer.WinUrl is { } win && fate % 2 == 0) _ = CallAsync(door, Url(win, price));
    }

    private void Later(SentNotice notice, TimeSpan after)
    {
        lock (_gate) _later.Enqueue(notice, Stopwatch.GetTimestamp() + (long)(after.TotalSeconds * Stopwatch.Frequency));
    }

    private async Task NotifyAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            SentNotice? due = null;
            lock (_gate)
            {
                if (_later.TryPeek(out _, out long at) && at <= Stopwatch.GetTimestamp() && Volatile.Read(ref _inFlight) < 40 * Math.Max(1, _doors.Length))
                {
                    due = _later.Dequeue();
                    // Counted before it leaves the queue's lock: between the two nobody must think that all is done.
                    Interlocked.Increment(ref _inFlight);
                }
            }

            if (due is null) await Task.Delay(2, _stop.Token);
            else _ = DeliverAsync(due);
        }
    }

    private async Task DeliverAsync(SentNotice bill)
    {
        try
        {
            bill.IsSent = true;
            (HttpStatusCode status, _) = await bill.Door.SendAsync(HttpMethod.Get, new Uri(bill.Url).PathAndQuery, null, _stop.Token);
            if (status == HttpStatusCode.OK)
            {
                bill.IsAcknowledged = true;
                return;
            }

            if (status == HttpStatusCode.ServiceUnavailable) Interlocked.Increment(ref _noticesRefused);
        }
        catch (Exception e) when (IsFailure(e))
        {
            // It may have been heard or not.
        }
        finally
        {
            if (!bill.IsAcknowledged) bill.Door = Other(bill.Door);
            if (!bill.IsAcknowledged && !_stop.IsCancellationRequested && Draw(20) > 0) Later(bill, TimeSpan.FromMilliseconds(200 + Draw(800)));
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private async Task CallAsync(ServiceDoor door, string url)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            await door.SendAsync(HttpMethod.Get, new Uri(url).PathAndQuery, null, _stop.Token);
        }
        catch (Exception e) when (IsFailure(e) || e is OperationCanceledException)
        {
            // Not sent again.
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    /// <summary>A shop: each conversion once or twice, again until it is acknowledged.</summary>
    private async Task ConvertAsync()
    {
        ServiceDoor? door = null;
        for (int number = 0; !_stop.IsCancellationRequested; number++)
        {
            await Task.Delay(30, _stop.Token);
            if (_paused || _doors.Length == 0) continue;
            door ??= _doors[0];
            (string Campaign, string Id) key = (_campaigns[Draw(_campaigns.Length)], string.Create(CultureInfo.InvariantCulture, $"{_run}-{number}"));
            string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            string body = $$$"""
                {"events":[{"topic":"autobid.conversions","event":{"v":1,"kind":"convert","id":"{{{key.Id}}}","revision":0,"source":"shop","campaign":"{{{key.Campaign}}}","valueMicros":1000000,"time":"{{{time}}}"}}]}
                """;
            Ledger.Conversions[key] = false;
            Interlocked.Increment(ref _inFlight);
            try
            {
                for (int times = 1 + Draw(2); times > 0 && !_stop.IsCancellationRequested;)
                {
                    if (!await PostAsync(door, body))
                    {
                        door = Other(door);
                        await Task.Delay(100, _stop.Token);
                        continue;
                    }

                    Ledger.Conversions[key] = true;
                    times--;
                    door = Other(door);
                }
            }
            finally
            {
                Interlocked.Decrement(ref _inFlight);
            }
        }
    }

    private async Task<bool> PostAsync(ServiceDoor door, string body)
    {
        try
        {
            (HttpStatusCode status, byte[] answer) = await door.SendAsync(HttpMethod.Post, "/v1/events", body, _stop.Token);
            if (status != HttpStatusCode.OK) return false;
            using JsonDocument results = JsonDocument.Parse(answer);
            return results.RootElement.GetProperty("results")[0].TryGetProperty("status", out _);
        }
        catch (Exception e) when (IsFailure(e))
        {
            return false;
        }
    }
}

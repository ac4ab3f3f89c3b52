using System.Collections.Concurrent;
using System.Diagnostics;
using AutoBid.Cli.Exchange;

namespace AutoBid.LoadGenerator;

/// <summary>
/// Open-loop load: Poisson arrivals at a fixed rate, whatever the target does. Latency counts from the instant an arrival was due, so that waiting for
/// a free connection is not left out.
/// </summary>
internal static class OpenLoop
{
    private const int Connections = 64;

    /// <summary>Latencies in milliseconds, sorted.</summary>
    public static async Task<double[]> RunAsync(int port, byte[][] requests, int rate, TimeSpan window, ulong seed)
    {
        var idle = new ConcurrentStack<Connection>();
        for (int i = 0; i < Connections; i++) idle.Push(await Connection.OpenAsync(port));
        var latencies = new ConcurrentBag<double>();
        var waiting = new ConcurrentQueue<(long Due, byte[] Request)>();
        long failures = 0, done = 0, sent = 0;

        async Task ServeAsync(Connection connection, long due, byte[] request)
        {
            while (true)
            {
                connection.Send(request);
                (int status, _) = await connection.ReceiveAsync();
                latencies.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
                if (status != 200) Interlocked.Increment(ref failures);
                Interlocked.Increment(ref done);
                if (waiting.TryDequeue(out var next))
                {
                    (due, request) = next;
                    continue;
                }

                idle.Push(connection);
                return;
            }
        }

        void Dispatch()
        {
            var random = new Random((int)seed);
            long start = Stopwatch.GetTimestamp();
            long end = start + (long)(window.TotalSeconds * Stopwatch.Frequency);
            double due = start;
            int next = random.Next(requests.Length);
            while (true)
            {
                due += -Math.Log(1 - random.NextDouble()) / rate * Stopwatch.Frequency;
                if (due >= end) return;
                while (Stopwatch.GetTimestamp() < due) PreciseSleep.Nanoseconds(50_000);
                byte[] request = requests[next++ % requests.Length];
                sent++;
                if (idle.TryPop(out Connection? connection)) _ = ServeAsync(connection, (long)due, request);
                else waiting.Enqueue(((long)due, request));
            }
        }

        var dispatcher = new Thread(Dispatch) { IsBackground = true };
        dispatcher.Start();
        dispatcher.Join();
        long patience = Stopwatch.GetTimestamp();
        while (Interlocked.Read(ref done) < sent && Stopwatch.GetElapsedTime(patience) < TimeSpan.FromSeconds(10)) PreciseSleep.Nanoseconds(1_000_000);
        if (Interlocked.Read(ref done) < sent) throw new InvalidOperationException($"{sent - done} requests were not answered");
        if (failures > 0) throw new InvalidOperationException($"{failures} answers were not 200");
        while (idle.TryPop(out Connection? connection)) connection.Dispose();
        double[] sorted = [.. latencies];
        Array.Sort(sorted);
        return sorted;
    }

    /// <summary>Answers a second with every connection always busy.</summary>
    public static async Task<double> SaturateAsync(int port, byte[][] requests, TimeSpan window)
    {
        const int Busy = 32;
        long done = 0;
        long end = Stopwatch.GetTimestamp() + (long)(window.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, Busy).Select(async worker =>
        {
            using Connection connection = await Connection.OpenAsync(port);
            for (int i = worker * 97; Stopwatch.GetTimestamp() < end; i++)
            {
                connection.Send(requests[i % requests.Length]);
                await connection.ReceiveAsync();
                Interlocked.Increment(ref done);
            }
        }));
        return done / window.TotalSeconds;
    }
}

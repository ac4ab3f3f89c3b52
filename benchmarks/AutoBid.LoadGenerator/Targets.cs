using System.Buffers;
using System.Globalization;
using AutoBid.OpenRtb.Reading;
using AutoBid.Server.Bidding;
using AutoBid.Server.Hosting;
using AutoBid.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AutoBid.LoadGenerator;

/// <summary>The two sides that are compared: the service, and an endpoint that reads, parses and answers the same bytes but decides nothing.</summary>
internal static class Targets
{
    public static async Task<int> RunServiceAsync(int port, string folder, TimeSpan tick)
    {
        using CancellationTokenSource stop = StopOnSignal();
        var options = new ServeOptions { Urls = [Address(port)], DataDirectory = folder, Tick = tick, Quiet = true };
        return await ServerHost.RunAsync(options, _ => Console.WriteLine("ready"), stop.Token);
    }

    public static async Task<int> RunNullAsync(int port)
    {
        byte[] answer = Convert.FromBase64String((await Console.In.ReadLineAsync())!);
        using CancellationTokenSource stop = StopOnSignal();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(Address(port)).ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.ClearProviders();
        await using WebApplication app = builder.Build();
        var pool = new SlotPool<BidRequest>(() => new BidRequest(), 64);
        app.MapPost("/openrtb2/bid", (RequestDelegate)(async http =>
        {
            (PooledBody body, _) = await PooledBody.ReadAsync(http.Request, BidEndpoint.BodyLimit, http.RequestAborted);
            using (body)
            {
                BidRequest request = pool.Rent();
                bool read = BidRequestReader.TryRead(body.Memory, request, out _);
                request.Clear();
                pool.Return(request);
                http.Response.StatusCode = read ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
            }

            http.Response.ContentType = "application/json";
            http.Response.ContentLength = answer.Length;
            http.Response.BodyWriter.Write(answer);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }));
        await app.StartAsync(stop.Token);
        Console.WriteLine("ready");
        await app.WaitForShutdownAsync(stop.Token);
        return 0;
    }

    public static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static CancellationTokenSource StopOnSignal()
    {
        var stop = new CancellationTokenSource();
        // The parent closes our input when it ends, however it ends.
        _ = Task.Run(async () =>
        {
            while (await Console.In.ReadLineAsync() is not null)
            {
            }

            stop.Cancel();
        });
        return stop;
    }
}

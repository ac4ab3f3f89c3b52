namespace AutoBid.Server.Hosting;

/// <summary>The service process.</summary>
public static class ServerHost
{
    /// <summary>Exit code of a service that ended in order to be started anew.</summary>
    public const int RestartWanted = 75;

    /// <summary>Runs the service until cancelled. Returns the process exit code; start-up errors are one line on stderr.</summary>
    /// <param name="ready">Called with the bound addresses once the service is ready.</param>
    public static async Task<int> RunAsync(ServeOptions options, Action<IReadOnlyList<string>>? ready, CancellationToken cancellation)
    {
        try
        {
            await using AutoBidService service = await AutoBidService.StartAsync(options, cancellation).ConfigureAwait(false);
            ready?.Invoke(service.Addresses);
            return await service.RunAsync(cancellation).ConfigureAwait(false) ? RestartWanted : 0;
        }
        catch (StartupException e)
        {
            await Console.Error.WriteLineAsync($"autobid: {e.Message}").ConfigureAwait(false);
            return 2;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0;
        }
    }
}

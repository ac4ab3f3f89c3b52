using System.Net;
using System.Net.Sockets;

namespace AutoBid.Storage.Tests.Postgres;

/// <summary>What happens to the next message that passes a <see cref="CuttingProxy"/>.</summary>
internal enum Cut
{
    None,

    /// <summary>The connection breaks before the client's next message reaches the server.</summary>
    Request,

    /// <summary>The client's next message reaches the server and is answered; the connection breaks instead of carrying the answer.</summary>
    Answer,
}

/// <summary>A TCP relay on 127.0.0.1 that cuts a connection at a chosen point, once each time it is told to.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _next;

    public CuttingProxy(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Reads None again after the cut was made.</summary>
    public Cut Next
    {
        get => (Cut)Volatile.Read(ref _next);
        set => Volatile.Write(ref _next, (int)value);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _ = RelayAsync(client);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            client.NoDelay = server.NoDelay = true;
            await server.ConnectAsync(_target, _stop.Token);
            using var broken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            Task there = PumpAsync(client.GetStream(), server.GetStream(), Cut.Request, broken), back = PumpAsync(server.GetStream(), client.GetStream(), Cut.Answer, broken);
            await Task.WhenAll(there, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, Cut cut, CancellationTokenSource broken)
    {
        byte[] buffer = new byte[65536];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, broken.Token)) > 0 && Interlocked.CompareExchange(ref _next, (int)Cut.None, (int)cut) != (int)cut)
                await to.WriteAsync(buffer.AsMemory(0, read), broken.Token);
        }
        finally
        {
            await broken.CancelAsync();
        }
    }
}

using System.Net;
using System.Net.Sockets;

namespace AutoBid.LoadGenerator;

/// <summary>One keep-alive HTTP/1.1 connection with at most one request in flight; a minimal client, so that the generator costs little beside the service.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 * 1024];

    public static async Task<Connection> OpenAsync(int port)
    {
        var connection = new Connection();
        await connection._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return connection;
    }

    public void Send(byte[] request) => _socket.Send(request);

    /// <summary>Reads one answer. Returns its status and body length.</summary>
    public async ValueTask<(int Status, int BodyLength)> ReceiveAsync()
    {
        int have = 0;
        while (true)
        {
            int read = await _socket.ReceiveAsync(_buffer.AsMemory(have));
            if (read == 0) throw new InvalidOperationException("the target closed the connection");
            have += read;
            int head = _buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8);
            if (head < 0) continue;
            int length = ContentLength(_buffer.AsSpan(0, head));
            if (have >= head + 4 + length) return ((_buffer[9] - '0') * 100 + (_buffer[10] - '0') * 10 + (_buffer[11] - '0'), length);
        }
    }

    /// <summary>The body of the last answer.</summary>
    public byte[] LastBody(int length) => _buffer.AsSpan(_buffer.AsSpan().IndexOf("\r\n\r\n"u8) + 4, length).ToArray();

    public void Dispose() => _socket.Dispose();

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        int at = head.IndexOf("Content-Length: "u8);
        if (at < 0) return 0;
        int length = 0;
        for (int i = at + 16; i < head.Length && head[i] is >= (byte)'0' and <= (byte)'9'; i++) length = length * 10 + head[i] - '0';
        return length;
    }
}

using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

namespace AutoBid.Server.Http;

/// <summary>A request body in a pooled array, decompressed, within its limit. Dispose returns the array.</summary>
public readonly struct PooledBody : IDisposable
{
    private readonly byte[]? _array;
    private readonly int _length;

    private PooledBody(byte[] array, int length)
    {
        _array = array;
        _length = length;
    }

    public ReadOnlyMemory<byte> Memory => _array.AsMemory(0, _length);

    public void Dispose()
    {
        if (_array is not null) ArrayPool<byte>.Shared.Return(_array);
    }

    /// <summary>Reads the whole body.</summary>
    /// <param name="limit">Most bytes after decompression.</param>
    /// <returns>The body and 0, or nothing and the HTTP status to answer: 413 too large, 415 unknown encoding, 400 broken compression.</returns>
    public static async ValueTask<(PooledBody Body, int Status)> ReadAsync(HttpRequest request, int limit, CancellationToken cancellation)
    {
        string? encoding = request.Headers.ContentEncoding;
        if (string.IsNullOrEmpty(encoding) || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            if (request.ContentLength > limit) return (default, StatusCodes.Status413PayloadTooLarge);
            return await ReadPlainAsync(request.BodyReader, limit, (int)(request.ContentLength ?? 4096), cancellation).ConfigureAwait(false);
        }

        Stream? stream = encoding.ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true),
            "deflate" => new ZLibStream(request.Body, CompressionMode.Decompress, leaveOpen: true),
            "br" => new BrotliStream(request.Body, CompressionMode.Decompress, leaveOpen: true),
            _ => null,
        };
        if (stream is null) return (default, StatusCodes.Status415UnsupportedMediaType);
        await using (stream.ConfigureAwait(false)) return await ReadStreamAsync(stream, limit, cancellation).ConfigureAwait(false);
    }

    private static async ValueTask<(PooledBody Body, int Status)> ReadPlainAsync(PipeReader reader, int limit, int guess, CancellationToken cancellation)
    {
        byte[] array = ArrayPool<byte>.Shared.Rent(Math.Max(guess, 256));
        int length = 0;
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancellation).ConfigureAwait(false);
            long size = read.Buffer.Length;
            if (length + size > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                ArrayPool<byte>.Shared.Return(array);
                return (default, StatusCodes.Status413PayloadTooLarge);
            }

            Grow(ref array, length, (int)size);
            read.Buffer.CopyTo(array.AsSpan(length));
            length += (int)size;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return (new PooledBody(array, length), 0);
        }
    }

    private static async ValueTask<(PooledBody Body, int Status)> ReadStreamAsync(Stream stream, int limit, CancellationToken cancellation)
    {
        byte[] array = ArrayPool<byte>.Shared.Rent(16 * 1024);
        int length = 0;
        try
        {
            while (true)
            {
                if (length == array.Length) Grow(ref array, length, length);
                int read = await stream.ReadAsync(array.AsMemory(length), cancellation).ConfigureAwait(false);
                if (read == 0) return (new PooledBody(array, length), 0);
                length += read;
                if (length <= limit) continue;
                ArrayPool<byte>.Shared.Return(array);
                return (default, StatusCodes.Status413PayloadTooLarge);
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            // Brotli says InvalidOperation where the others say InvalidData.
            ArrayPool<byte>.Shared.Return(array);
            return (default, StatusCodes.Status400BadRequest);
        }
    }

    private static void Grow(ref byte[] array, int used, int more)
    {
        if (array.Length - used >= more) return;
        byte[] grown = ArrayPool<byte>.Shared.Rent(Math.Max(array.Length * 2, used + more));
        array.AsSpan(0, used).CopyTo(grown);
        ArrayPool<byte>.Shared.Return(array);
        array = grown;
    }
}

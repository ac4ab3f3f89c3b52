using System.IO.Compression;
using AutoBid.Server.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;

namespace AutoBid.Server.Tests.Http;

public sealed class PooledBodyTests
{
    private const int Limit = 5_000;

    [Theory]
    [InlineData(null)]
    [InlineData("identity")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public void What_is_sent_is_read_up_to_the_limit(string? encoding)
        => Prop.ForAll(Arb.From(Gen.Choose(0, 2 * Limit)), Arb.From(Gen.Choose(0, int.MaxValue)), (length, seed) =>
        {
            byte[] sent = new byte[length];
            new System.Random(seed).NextBytes(sent);
            (PooledBody body, int status) = Read(Compress(sent, encoding), encoding, stated: seed % 2 == 0);
            using (body) return length <= Limit ? status == 0 && body.Memory.Span.SequenceEqual(sent) : status == 413 && body.Memory.IsEmpty;
        }).Check(Checks.Config);

    [Theory]
    [InlineData("zstd", 415)]
    [InlineData("gzip, gzip", 415)]
    [InlineData("gzip", 400)]
    [InlineData("deflate", 400)]
    [InlineData("br", 400)]
    public void What_cannot_be_decoded_is_told(string encoding, int status)
        => Assert.Equal(status, Read([0xff, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], encoding, stated: true).Status);

    [Fact]
    public async Task A_stated_length_above_the_limit_is_refused_unread()
    {
        var http = new DefaultHttpContext();
        http.Request.ContentLength = Limit + 1;
        http.Request.Body = new Unreadable();
        Assert.Equal(413, (await PooledBody.ReadAsync(http.Request, Limit, default)).Status);
    }

    private static (PooledBody Body, int Status) Read(byte[] bytes, string? encoding, bool stated)
    {
        var http = new DefaultHttpContext();
        if (stated) http.Request.ContentLength = bytes.Length;
        if (encoding is not null) http.Request.Headers.ContentEncoding = encoding;
        http.Request.Body = new MemoryStream(bytes);
        return PooledBody.ReadAsync(http.Request, Limit, default).AsTask().GetAwaiter().GetResult();
    }

    private static byte[] Compress(byte[] bytes, string? encoding)
    {
        var compressed = new MemoryStream();
        Stream? stream = encoding switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            _ => null,
        };
        if (stream is null) return bytes;
        using (stream) stream.Write(bytes);
        return compressed.ToArray();
    }

    private sealed class Unreadable : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new InvalidOperationException("read");
    }
}

using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Tests.Writing;

namespace AutoBid.OpenRtb.Tests.Reading;

/// <summary>Whatever arrives, reading ends in a model or an error, and what is kept lies inside the body.</summary>
public sealed class RequestFuzzTests
{
    private static readonly string[] Samples = [Requests.Banner, Requests.VideoDeals, Requests.MultiImp, Requests.Escapes, Requests.Typical(3)];

    // Fragments that steer mutations into the parser's own branches.
    private static readonly string[] Fragments =
        ["\"", "\\", "{", "}", "[", "]", ",", ":", "null", "-1", "1e999", "\\u", "\\ud800", "\"imp\":", "\"ext\":", "\"deals\":[", "\0", "\u00ff", "true", "\"candidates\":["];

    [Fact]
    public void Every_truncation_is_refused()
    {
        var request = new BidRequest();
        foreach (string sample in Samples)
        {
            byte[] whole = Requests.Utf8(sample.TrimEnd());
            for (int length = 0; length < whole.Length; length++)
                Assert.False(BidRequestReader.TryRead(whole.AsMemory(0, length), request, out _), $"{length} bytes of {sample}");
        }
    }

    [Fact]
    public void Reading_stops_at_the_end_of_the_body_inside_a_larger_buffer()
    {
        byte[] whole = Requests.Utf8(Requests.Typical());
        byte[] rented = new byte[whole.Length + 200];
        Array.Fill(rented, (byte)'!');
        whole.CopyTo(rented, 100);
        var request = new BidRequest();
        Assert.True(BidRequestReader.TryRead(rented.AsMemory(100, whole.Length), request, out _));
        Assert.Equal("0f8fad5b-d9cb-469f-a165-70867728950e", request.Text(request.Id, raw: false));
        Assert.Equal("\"creative-7\"", request.Text(request.Candidates[7].Creative));
        Assert.False(BidRequestReader.TryRead(rented.AsMemory(100, whole.Length + 1), request, out _));
        Assert.False(BidRequestReader.TryRead(rented.AsMemory(99, whole.Length + 1), request, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Mutated_requests_never_throw_and_what_is_accepted_can_be_answered(int seed)
    {
        var random = new Random(seed);
        var request = new BidRequest();
        int accepted = 0;
        for (int round = 0; round < 4_000; round++)
        {
            byte[] body = Mutate(Requests.Utf8(Samples[random.Next(Samples.Length)]), random);
            if (!BidRequestReader.TryRead(body, request, out RequestError error))
            {
                Assert.NotEqual(RequestErrorKind.None, error.Kind);
                Assert.InRange(error.Position, 0, body.Length);
                continue;
            }

            accepted++;
            Answers.AssertEveryCandidateIsAnsweredAsValidJson(request);
        }

        // The check above must have something to bite on.
        Assert.True(accepted > 100, $"only {accepted} accepted");
    }

    private static byte[] Mutate(byte[] body, Random random)
    {
        var bytes = new List<byte>(body);
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 30), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, Requests.Utf8(Fragments[random.Next(Fragments.Length)])); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at))); break;
                default: bytes[at] = bytes[random.Next(bytes.Count)]; break;
            }

            if (bytes.Count == 0) return [];
        }

        return [.. bytes];
    }
}

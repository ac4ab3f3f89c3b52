using System.Diagnostics;
using System.Globalization;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Deals;
using AutoBid.OpenRtb.Markup;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Tests.Reading;
using AutoBid.OpenRtb.Writing;

namespace AutoBid.OpenRtb.Tests.Writing;

/// <summary>The whole OpenRTB side of one bid: read, resolve floor and type of every candidate, sign, write.</summary>
public sealed class BidPathTests(ITestOutputHelper output) : IDisposable
{
    private readonly NoticeTokenWriter _tokens = new(new NoticeKeys(new Dictionary<byte, byte[]> { [1] = new byte[32] }, 1));
    private readonly BidRequest _request = new();
    private readonly BidResponseWriter _writer = new();
    private readonly byte[] _token = new byte[NoticeToken.MaxTextLength];

    public static TheoryData<string> Bodies => [Requests.Typical(), Requests.VideoDeals, Requests.MultiImp, Requests.Escapes];

    [Theory]
    [MemberData(nameof(Bodies))]
    public void A_thousand_answers_allocate_nothing(string json)
    {
        byte[] body = Requests.Utf8(json);
        for (int i = 0; i < 200; i++) Answer(body, i);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 1_000; i++) Answer(body, i);
        }));
        Assert.True(_writer.BidCount > 0);
    }

    [Fact]
    public void Time_of_one_answer_is_reported()
    {
        byte[] body = Requests.Utf8(Requests.Typical());
        for (int i = 0; i < 2_000; i++) Answer(body, i);
        Report("read + floors + sign + write", body, i => Answer(body, i));
        Report("read", body, _ => BidRequestReader.TryRead(body, _request, out RequestError _));
        Report("sign", body, i => Sign(i));
        Assert.Equal(1, _writer.BidCount);
    }

    public void Dispose() => _tokens.Dispose();

    private void Report(string what, byte[] body, Action<int> action)
    {
        // The best of many short batches: on a shared machine a long one is always interrupted.
        const int Batches = 100;
        const int Rounds = 300;
        double best = double.MaxValue;
        for (int batch = 0; batch < Batches; batch++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Rounds; i++) action(i);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Rounds);
        }

        string line = string.Create(CultureInfo.InvariantCulture, $"{what}: {best:F0} ns for {body.Length} bytes, 8 candidates (best of {Batches} x {Rounds})");
        output.WriteLine(line);
    }

    private void Answer(byte[] body, int seq)
    {
        Assert.True(BidRequestReader.TryRead(body, _request, out _));
        CurrencyCode currency = _request.Currencies[0];
        _writer.Begin(_request, currency, default);
        for (int imp = 0; imp < _request.Imps.Length; imp++)
        {
            int best = -1, type = 0, deal = -1;
            double bestValue = -1;
            ref readonly Imp at = ref _request.Imps[imp];
            for (int i = at.CandidateStart; i < at.CandidateStart + at.CandidateCount; i++)
            {
                ref readonly Candidate candidate = ref _request.Candidates[i];
                if (!MarkupRules.TryResolve(at, candidate, out int markupType, out _)) continue;
                if (!FloorRules.TryResolve(_request, at, candidate, currency, CurrencyRates.Empty, out EffectiveFloor floor, out _)) continue;
                if (candidate.Value <= bestValue) continue;
                (best, bestValue, type, deal) = (i, candidate.Value, markupType, floor.Deal);
            }

            if (best < 0) continue;
            int length = Sign(seq);
            _writer.AddBid(new OutgoingBid
            {
                Imp = imp,
                Candidate = best,
                Deal = deal,
                MarkupType = type,
                PriceNanos = 1_234_567,
                Lease = 77,
                Seq = seq,
                Notices = Answers.Urls,
                Channels = NoticeChannels.All,
                Token = _token.AsSpan(0, length),
            });
        }

        _writer.End();
    }

    private int Sign(int seq) => _tokens.Write(new NoticeToken
    {
        Exchange = "default"u8,
        Campaign = "campaign-1001"u8,
        Auction = _request.Text(_request.Id),
        Imp = "1"u8,
        Lease = 77,
        Seq = seq,
        BidNanos = 1_234_567,
        ValueE9 = 700_000,
        BidTime = 1_780_000_000_000,
        Day = 20260701,
        Expiry = 1_780_003_600_000,
    }, _token);
}

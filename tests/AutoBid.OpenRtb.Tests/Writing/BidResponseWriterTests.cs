using System.Text.Json;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Tests.Reading;
using AutoBid.OpenRtb.Writing;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.OpenRtb.Tests.Writing;

public sealed class BidResponseWriterTests
{
    [Fact]
    public void A_display_bid_reads_like_this()
    {
        BidRequest request = Requests.Read(Requests.Banner);
        var writer = new BidResponseWriter(1);
        writer.Begin(request, CurrencyCode.Usd, "\"42\""u8);
        writer.AddBid(new OutgoingBid
        {
            Imp = 0,
            Candidate = 0,
            Deal = -1,
            MarkupType = 1,
            PriceNanos = 51_230,
            Lease = 31,
            Seq = 42,
            ExpiresAfterSeconds = 300,
            Notices = Answers.Urls,
            Channels = NoticeChannels.Burl | NoticeChannels.Lurl,
            Token = "TOK-_1"u8,
        });
        writer.End();
        Assert.Equal("""
            {"id":"80ce30c53c16e6ede735f123ef6e32361bfc7b22","cur":"USD","seatbid":[{"seat":"42","bid":[{"id":"1f-2a","impid":"1","price":0.05123,"cid":"c1","crid":"cr-1","adomain":["shop.example"],"cat":["IAB3", "IAB1-2"],"adm":"<a href=\"https://shop.example/\">x</a>","mtype":1,"w":300,"h":250,"exp":300,"burl":"https://bid.example/openrtb2/notice/bill?t=TOK-_1&p=${AUCTION_PRICE}&c=${AUCTION_CURRENCY}&l=${AUCTION_LOSS}&m=${AUCTION_MIN_TO_WIN}","lurl":"https://bid.example/openrtb2/notice/loss?t=TOK-_1&p=${AUCTION_PRICE}&c=${AUCTION_CURRENCY}&l=${AUCTION_LOSS}&m=${AUCTION_MIN_TO_WIN}"}]}]}
            """, writer.Text());
        Assert.Equal(1, writer.BidCount);
    }

    [Fact]
    public void A_video_bid_on_a_deal_reads_like_this()
    {
        BidRequest request = Requests.Read(Requests.VideoDeals);
        var writer = new BidResponseWriter();
        writer.Begin(request, CurrencyCode.Parse("EUR"), default);
        writer.AddBid(new OutgoingBid { Imp = 0, Candidate = 0, Deal = 0, MarkupType = 2, PriceNanos = 7_000_000, Lease = 1, Seq = 0 });
        writer.End();
        Assert.Equal("""
            {"id":"vid-1","cur":"EUR","seatbid":[{"bid":[{"id":"1-0","impid":"v1","price":7,"cid":"c9","crid":"v-1","adm":"<VAST version=\"4.0\"/>","dealid":"D-1","mtype":2,"dur":15}]}]}
            """, writer.Text());
    }

    [Fact]
    public void A_no_bid_echoes_the_id_as_it_came()
    {
        BidRequest request = Requests.Read(Requests.Escapes);
        var writer = new BidResponseWriter();
        writer.WriteNoBid(request, NoBidReason.Currency);
        Assert.Equal("""
            {"id":"a\u00fcction \"1\"\/\ud83d\ude00","nbr":501}
            """, writer.Text());
    }

    [Theory]
    [InlineData(Requests.Banner)]
    [InlineData(Requests.VideoDeals)]
    [InlineData(Requests.MultiImp)]
    [InlineData(Requests.Escapes)]
    public void Every_sample_is_answered_with_what_its_candidates_say(string json)
        => Answers.AssertEveryCandidateIsAnsweredAsValidJson(Requests.Read(json));

    [Fact]
    public void Any_text_in_any_field_comes_back_equal()
        => Prop.ForAll<NonNull<string>, NonNull<string>, NonNull<string[]>>((id, text, list) =>
        {
            string auction = WellFormed(id.Get), content = WellFormed(text.Get);
            string[] entries = [.. list.Get.Select(entry => WellFormed(entry ?? ""))];
            string json = JsonSerializer.Serialize(new
            {
                id = "r" + auction,
                imp = new[]
                {
                    new
                    {
                        id = "i" + content,
                        banner = new { },
                        ext = new { autobid = new { candidates = new[] { new { campaign = "c" + content, value = 0.1, crid = content, adomain = entries, cat = entries, adm = content, w = content.Length } } } },
                    },
                },
            });
            Answers.AssertEveryCandidateIsAnsweredAsValidJson(Requests.Read(json));
        }).Check(Checks.Config);

    [Fact]
    public void The_buffer_grows_to_any_markup()
    {
        BidRequest request = Requests.Read(Requests.WithCandidate($"\"campaign\":\"c\",\"value\":1,\"adm\":\"{new string('x', 200_000)}\""));
        var writer = new BidResponseWriter(16);
        writer.Begin(request, CurrencyCode.Usd, default);
        for (int i = 0; i < 3; i++) writer.AddBid(new OutgoingBid { Imp = 0, Candidate = 0, Deal = -1, MarkupType = 1, PriceNanos = 1, Lease = 1, Seq = i });
        writer.End();
        using JsonDocument answer = JsonDocument.Parse(writer.Written);
        Assert.Equal(200_000, answer.RootElement.GetProperty("seatbid")[0].GetProperty("bid")[2].GetProperty("adm").GetString()!.Length);
        Assert.True(writer.Written.Length > 600_000);
    }

    [Fact]
    public void An_answer_without_bids_or_beginning_is_refused()
    {
        var writer = new BidResponseWriter();
        Assert.Throws<InvalidOperationException>(writer.End);
        Assert.Throws<InvalidOperationException>(() => writer.AddBid(new OutgoingBid { Imp = 0, Candidate = 0, Deal = -1, MarkupType = 1, PriceNanos = 1, Lease = 1, Seq = 1 }));
        writer.Begin(Requests.Read(Requests.Banner), CurrencyCode.Usd, default);
        Assert.Throws<InvalidOperationException>(writer.End);
    }

    [Fact]
    public void Labels_of_reasons_are_distinct_and_none_is_missing()
    {
        string[] labels = [.. Enum.GetValues<NoBidReason>().Select(NoBidReasons.Label)];
        Assert.Equal(labels.Length, labels.Distinct().Count());
        Assert.Equal("unknown", NoBidReasons.Label((NoBidReason)12345));
    }

    private static string WellFormed(string text)
    {
        string shortened = text.Length > 60 ? text[..60] : text;
        return System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(shortened));
    }
}

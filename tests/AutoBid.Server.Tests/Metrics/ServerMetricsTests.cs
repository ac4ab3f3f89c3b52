using System.Diagnostics.Metrics;
using AutoBid.OpenRtb.Notices;
using AutoBid.Server.Metrics;

namespace AutoBid.Server.Tests.Metrics;

public sealed class ServerMetricsTests
{
    [Fact]
    public void What_is_recorded_is_exposed()
    {
        using var scraped = new ScrapedMeter();
        using var metrics = new ServerMetrics(scraped.Name);
        metrics.RecordBid(BidResult.Bid, TimeSpan.FromMicroseconds(40));
        metrics.RecordBid(BidResult.Late, TimeSpan.FromMilliseconds(40));
        metrics.CountCandidate("bid");
        metrics.CountCandidate("floor", 3);
        metrics.RecordNotice(NoticeKind.Bill, "applied", TimeSpan.FromMilliseconds(1));
        metrics.RecordDecisions(TimeSpan.FromMilliseconds(7));
        metrics.CountEventPosted("autobid.spend", "appended");
        metrics.CountEventPosted("autobid.decisions\"}", "invalid");
        metrics.CountEventPosted("made-up", "invalid");

        string[] samples = scraped.Samples();
        string[] expected =
        [
            "autobid_bid_requests_total{result=\"bid\"} 1",
            "autobid_bid_requests_total{result=\"late\"} 1",
            "autobid_bid_requests_total{result=\"malformed\"} 0",
            "autobid_bid_requests_total{result=\"nobid\"} 0",
            "autobid_bid_requests_total{result=\"unauthorized\"} 0",
            "autobid_bid_duration_seconds_bucket{le=\"5e-05\"} 1",
            "autobid_bid_duration_seconds_bucket{le=\"0.05\"} 2",
            "autobid_bid_duration_seconds_count 2",
            "autobid_candidates_total{outcome=\"bid\"} 1",
            "autobid_candidates_total{outcome=\"floor\"} 3",
            "autobid_notices_total{kind=\"bill\",result=\"applied\"} 1",
            "autobid_notice_duration_seconds_count 1",
            "autobid_http_decisions_duration_seconds_bucket{le=\"0.005\"} 0",
            "autobid_http_decisions_duration_seconds_bucket{le=\"0.01\"} 1",
            "autobid_events_posted_total{result=\"appended\",topic=\"autobid.spend\"} 1",
            "autobid_events_posted_total{result=\"invalid\",topic=\"other\"} 2",
        ];
        Assert.All(expected, line => Assert.Contains(line, samples));
    }

    [Fact]
    public void Recording_a_bid_does_not_allocate()
    {
        using var scraped = new ScrapedMeter();
        using var metrics = new ServerMetrics(scraped.Name);
        Record(metrics, 200);

        int recorded = 200;
        Assert.Equal(0, Allocations.Of(() =>
        {
            Record(metrics, 10_000);
            recorded += 10_000;
        }));
        Assert.Contains($"autobid_bid_requests_total{{result=\"bid\"}} {recorded}", scraped.Samples());
    }

    [Fact]
    public void The_instruments_are_in_the_meter_AutoBid_Server()
    {
        var seen = new HashSet<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "AutoBid.Server") seen.Add(instrument.Name);
            },
        };
        using var metrics = new ServerMetrics();
        listener.Start();
        Assert.Superset(
            new HashSet<string>
            {
                "autobid_bid_duration_seconds", "autobid_notice_duration_seconds", "autobid_http_decisions_duration_seconds", "autobid_bid_requests_total",
                "autobid_candidates_total", "autobid_notices_total", "autobid_events_posted_total",
            },
            seen);
    }

    private static void Record(ServerMetrics metrics, int times)
    {
        for (int i = 0; i < times; i++)
        {
            metrics.RecordBid(BidResult.Bid, TimeSpan.FromTicks(i));
            metrics.RecordBid(BidResult.NoBid, TimeSpan.FromTicks(i));
            metrics.CountCandidate("bid");
            metrics.CountCandidate("outbid-inside", 2);
            metrics.RecordNotice(NoticeKind.Win, "applied", TimeSpan.FromTicks(i));
            metrics.CountEventPosted("autobid.spend", "appended");
        }
    }
}

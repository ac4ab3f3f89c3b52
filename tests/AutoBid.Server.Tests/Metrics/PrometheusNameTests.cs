using AutoBid.Server.Metrics;

namespace AutoBid.Server.Tests.Metrics;

public sealed class PrometheusNameTests
{
    [Theory]
    [InlineData("autobid_bid_requests_total", "", "autobid_bid_requests_total")]
    [InlineData("autobid_log_damaged_bytes_total", "By", "autobid_log_damaged_bytes_total")]
    [InlineData("autobid_events_total", "s", "autobid_events_total")]
    [InlineData("dotnet.gc.collections", "{collection}", "dotnet_gc_collections_total")]
    [InlineData("dotnet.process.cpu.time", "s", "dotnet_process_cpu_time_seconds_total")]
    [InlineData("network.io", "By/s", "network_io_bytes_per_second_total")]
    public void A_counter_ends_in_total_once(string instrument, string unit, string expected)
    {
        Assert.Equal(expected, Base(instrument, unit, MetricFamilyKind.Counter) + "_total");
    }

    [Theory]
    [InlineData("autobid_bid_duration_seconds", "s", "autobid_bid_duration_seconds")]
    [InlineData("autobid_log_commit_records", "", "autobid_log_commit_records")]
    [InlineData("http.server.request.duration", "s", "http_server_request_duration_seconds")]
    [InlineData("queue-wait.ms", "ms", "queue_wait_ms_milliseconds")]
    [InlineData("9lives", "", "_9lives")]
    [InlineData("größe", "By", "gr__e_bytes")]
    public void A_histogram_bears_its_unit_once(string instrument, string unit, string expected)
    {
        Assert.Equal(expected, Base(instrument, unit, MetricFamilyKind.Histogram));
    }

    [Theory]
    [InlineData("cpu.utilization", "1", "cpu_utilization_ratio")]
    [InlineData("dotnet.gc.last_collection.memory.committed_size", "By", "dotnet_gc_last_collection_memory_committed_size_bytes")]
    [InlineData("kestrel.active_connections", "{connection}", "kestrel_active_connections")]
    [InlineData("seconds", "s", "seconds_seconds")]
    [InlineData("jobs_total", "", "jobs_total")]
    public void A_gauge_is_not_a_counter(string instrument, string unit, string expected)
    {
        Assert.Equal(expected, Base(instrument, unit, MetricFamilyKind.Gauge));
    }

    [Theory]
    [InlineData("http.request.method", MetricFamilyKind.Counter, "http_request_method")]
    [InlineData("__name__", MetricFamilyKind.Counter, "key__name__")]
    [InlineData("le", MetricFamilyKind.Histogram, "exported_le")]
    [InlineData("le", MetricFamilyKind.Gauge, "le")]
    [InlineData("1st", MetricFamilyKind.Gauge, "_1st")]
    internal void A_label_cannot_take_a_reserved_name(string key, MetricFamilyKind kind, string expected)
    {
        Assert.Equal(expected, PrometheusName.LabelOf(key, kind));
    }

    private static string Base(string instrument, string unit, MetricFamilyKind kind) =>
        PrometheusName.BaseOf(instrument, PrometheusName.UnitWord(unit, kind), kind);
}

using System.Diagnostics.Metrics;
using System.Text;
using AutoBid.Server.Metrics;
using FsCheck;
using FsCheck.Fluent;
using OpenTelemetry.Metrics;

namespace AutoBid.Server.Tests.Metrics;

public sealed class PrometheusExpositionTests
{
    [Fact]
    public void Every_kind_of_instrument_has_its_page()
    {
        using var scraped = new ScrapedMeter();
        Counter<long> counter = scraped.Meter.CreateCounter<long>("autobid_things_total", description: "Things.");
        Counter<double> cpu = scraped.Meter.CreateCounter<double>("cpu.time", unit: "s");
        UpDownCounter<int> open = scraped.Meter.CreateUpDownCounter<int>("connections.open", unit: "{connection}", description: "Open now.");
        UpDownCounter<double> load = scraped.Meter.CreateUpDownCounter<double>("load");
        Gauge<double> ratio = scraped.Meter.CreateGauge<double>("used", unit: "1");
        scraped.Meter.CreateObservableCounter("seen", static () => 7L);
        scraped.Meter.CreateObservableGauge("level", static () => -3);
        scraped.Meter.CreateObservableUpDownCounter("queued", static () => 2.5);
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a"));
        cpu.Add(0.25);
        open.Add(5);
        open.Add(-7);
        load.Add(1e-7);
        ratio.Record(0.5);

        Assert.Equal(
            """
            # HELP autobid_metrics_dropped_series Series left out of this page because another instrument has their name or their labels.
            # TYPE autobid_metrics_dropped_series gauge
            autobid_metrics_dropped_series{reason="labels"} 0
            autobid_metrics_dropped_series{reason="name"} 0
            # HELP autobid_things_total Things.
            # TYPE autobid_things_total counter
            autobid_things_total{kind="a"} 5
            # HELP connections_open Open now.
            # TYPE connections_open gauge
            connections_open -2
            # TYPE cpu_time_seconds_total counter
            cpu_time_seconds_total 0.25
            # TYPE level gauge
            level -3
            # TYPE load gauge
            load 1e-07
            # TYPE queued gauge
            queued 2.5
            # TYPE seen_total counter
            seen_total 7
            # TYPE used_ratio gauge
            used_ratio 0.5

            """,
            scraped.Page());
    }

    [Fact]
    public void OpenMetrics_names_families_without_total_states_units_and_ends_with_EOF()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("autobid_things_total", description: "Say \"things\".").Add(1);
        scraped.Meter.CreateCounter<double>("cpu.time", unit: "s").Add(2);

        Assert.EndsWith(
            """
            # HELP autobid_things Say \"things\".
            # TYPE autobid_things counter
            autobid_things_total 1
            # TYPE cpu_time_seconds counter
            # UNIT cpu_time_seconds seconds
            cpu_time_seconds_total 2
            # EOF

            """,
            scraped.Page(PrometheusFormat.OpenMetrics),
            StringComparison.Ordinal);
        Assert.DoesNotContain("# EOF", scraped.Page(), StringComparison.Ordinal);
        Assert.Contains("# HELP autobid_things_total Say \"things\".\n", scraped.Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void Buckets_are_cumulative_and_a_bound_belongs_to_its_bucket()
    {
        using var scraped = new ScrapedMeter(static b => b.AddView("size", new ExplicitBucketHistogramConfiguration { Boundaries = [1, 2.5, 10] }));
        Histogram<double> size = scraped.Meter.CreateHistogram<double>("size");
        foreach (double value in new[] { 0.5, 1, 1.5, 3, 99.25 }) size.Record(value, new KeyValuePair<string, object?>("kind", "x"));
        string[] expected =
        [
            "size_bucket{kind=\"x\",le=\"1.0\"} 2",
            "size_bucket{kind=\"x\",le=\"2.5\"} 3",
            "size_bucket{kind=\"x\",le=\"10.0\"} 4",
            "size_bucket{kind=\"x\",le=\"+Inf\"} 5",
            "size_sum{kind=\"x\"} 105.25",
            "size_count{kind=\"x\"} 5",
        ];

        Assert.Equal(expected, scraped.Samples());
        Assert.Equal(expected, scraped.Samples(PrometheusFormat.OpenMetrics));
        Assert.Equal(expected, scraped.Samples());
    }

    [Fact]
    public void Latencies_have_three_buckets_a_decade_from_10_us_to_10_s()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateHistogram(
            "autobid_x_duration_seconds", unit: "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] }).Record(0.00003);
        scraped.Meter.CreateHistogram<double>("autobid_x_seconds").Record(0.00003);

        string[] bounds = [.. scraped.Samples().Where(static l => l.StartsWith("autobid_x_duration_seconds_bucket", StringComparison.Ordinal))];
        Assert.Equal(20, bounds.Length);
        Assert.Equal("autobid_x_duration_seconds_bucket{le=\"1e-05\"} 0", bounds[0]);
        Assert.Equal("autobid_x_duration_seconds_bucket{le=\"2e-05\"} 0", bounds[1]);
        Assert.Equal("autobid_x_duration_seconds_bucket{le=\"5e-05\"} 1", bounds[2]);
        Assert.Equal("autobid_x_duration_seconds_bucket{le=\"10.0\"} 1", bounds[18]);
        Assert.Equal("autobid_x_duration_seconds_bucket{le=\"+Inf\"} 1", bounds[19]);
        Assert.DoesNotContain("autobid_x_seconds_bucket{le=\"1e-05\"}", scraped.Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void Histograms_without_bounds_keep_count_and_sum()
    {
        using var scraped = new ScrapedMeter(static b => b
            .AddView("bare", new ExplicitBucketHistogramConfiguration { Boundaries = [] })
            .AddView("exponential", new Base2ExponentialBucketHistogramConfiguration()));
        scraped.Meter.CreateHistogram<int>("bare").Record(4);
        scraped.Meter.CreateHistogram<double>("exponential").Record(1.5);

        Assert.Equal(
            [
                "bare_bucket{le=\"+Inf\"} 1", "bare_sum 4", "bare_count 1",
                "exponential_bucket{le=\"+Inf\"} 1", "exponential_sum 1.5", "exponential_count 1",
            ],
            scraped.Samples());
    }

    [Fact]
    public void Any_label_value_reads_back()
    {
        Prop.ForAll<NonNull<string>, NonNull<string>>((a, b) =>
        {
            // Lone surrogates are not text; UTF-8 replaces them.
            string left = Text(a.Get), right = Text(b.Get);
            string labels = PrometheusText.Labels([new("b", right), new("a", left)]);
            Dictionary<string, string> read = ReadLabels(labels);
            return !labels.Contains('\n', StringComparison.Ordinal)
                && read.GetValueOrDefault("a", "") == left && read.GetValueOrDefault("b", "") == right
                && read.Count == (left.Length > 0 ? 1 : 0) + (right.Length > 0 ? 1 : 0);
        }).Check(Checks.Config);
    }

    [Fact]
    public void Values_of_labels_are_escaped_and_typed()
    {
        using var scraped = new ScrapedMeter();
        Gauge<long> gauge = scraped.Meter.CreateGauge<long>("g", description: "a\\b\n\"c\"");
        gauge.Record(1, new("path", "C:\\x \"y\"\nz"), new("flag", true), new("part", 0.5), new("none", null), new("empty", ""));

        Assert.Equal(["""g{flag="true",part="0.5",path="C:\\x \"y\"\nz"} 1"""], scraped.Samples());
        Assert.Contains("""# HELP g a\\b\n"c" """.TrimEnd() + "\n", scraped.Page(), StringComparison.Ordinal);
        Assert.Contains("""# HELP g a\\b\n\"c\" """.TrimEnd() + "\n", scraped.Page(PrometheusFormat.OpenMetrics), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_that_are_none_have_their_spelling()
    {
        using var scraped = new ScrapedMeter();
        Gauge<double> gauge = scraped.Meter.CreateGauge<double>("g");
        gauge.Record(double.NaN, new KeyValuePair<string, object?>("n", "1"));
        gauge.Record(double.PositiveInfinity, new KeyValuePair<string, object?>("n", "2"));
        gauge.Record(double.NegativeInfinity, new KeyValuePair<string, object?>("n", "3"));
        gauge.Record(double.MaxValue, new KeyValuePair<string, object?>("n", "4"));

        Assert.Equal(
            ["g{n=\"1\"} NaN", "g{n=\"2\"} +Inf", "g{n=\"3\"} -Inf", "g{n=\"4\"} 1.7976931348623157e+308"],
            scraped.Samples());
    }

    [Fact]
    public void Clashing_names_and_labels_never_make_a_series_twice()
    {
        using var scraped = new ScrapedMeter();
        using var other = new Meter(scraped.Name + ".Other");
        scraped.Meter.CreateGauge<long>("same.name").Record(1);
        other.CreateGauge<long>("same_name").Record(2);
        other.CreateHistogram<long>("same_name").Record(2);
        scraped.Meter.CreateHistogram<long>("h").Record(3);
        other.CreateGauge<long>("h_count").Record(4);
        Counter<long> tags = scraped.Meter.CreateCounter<long>("tags");
        tags.Add(1, new("a.b", "x"), new("a_b", "y"));
        tags.Add(1, new("a.b", "y"), new("a_b", "x"));

        string[] samples = scraped.Samples();
        string[] series = [.. samples.Select(static l => l[..l.LastIndexOf(' ')])];
        Assert.Equal(series.Length, series.Distinct().Count());
        Assert.Contains("same_name 1", samples);
        Assert.Contains("h_count 1", samples);
        Assert.Contains("tags_total{a_b=\"x;y\"} 1", samples);
        string page = scraped.Page();
        Assert.Single(page.Split('\n'), static l => l.StartsWith("# TYPE same_name ", StringComparison.Ordinal));
        Assert.Contains("autobid_metrics_dropped_series{reason=\"labels\"} 2\n", page, StringComparison.Ordinal);
        Assert.Contains("autobid_metrics_dropped_series{reason=\"name\"} 2\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Meters_that_share_an_instrument_share_a_family()
    {
        using var scraped = new ScrapedMeter();
        using var other = new Meter(scraped.Name + ".Other");
        other.CreateCounter<long>("autobid_drops_total", description: "Second.").Add(1, new KeyValuePair<string, object?>("reason", "b"));
        scraped.Meter.CreateCounter<long>("autobid_drops_total", description: "First.").Add(1, new KeyValuePair<string, object?>("reason", "c"));
        scraped.Meter.CreateCounter<long>("autobid_drops_total", description: "First.").Add(1, new KeyValuePair<string, object?>("reason", "a"));

        Assert.StartsWith(
            """
            # HELP autobid_drops_total First.
            # TYPE autobid_drops_total counter
            autobid_drops_total{reason="a"} 1
            autobid_drops_total{reason="b"} 1
            autobid_drops_total{reason="c"} 1

            """,
            scraped.Page(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scrape_while_one_runs_gets_its_page()
    {
        using var scraped = new ScrapedMeter();
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        int reads = 0;
        scraped.Meter.CreateObservableGauge("slow", () =>
        {
            entered.Set();
            release.Wait();
            return ++reads;
        });

        Task<PrometheusPage> first = Task.Run(scraped.Exposition.ScrapeAsync);
        entered.Wait(TimeSpan.FromSeconds(30));
        Task<PrometheusPage>[] more = [scraped.Exposition.ScrapeAsync(), scraped.Exposition.ScrapeAsync()];
        Assert.All(more, static t => Assert.False(t.IsCompleted));
        release.Set();

        PrometheusPage page = await first;
        foreach (Task<PrometheusPage> task in more) Assert.Same(page, await task);
        Assert.Equal(1, reads);
        Assert.Equal(["slow 2"], scraped.Samples());
    }

    [Fact]
    public async Task Scrapes_from_many_threads_see_whole_pages()
    {
        using var scraped = new ScrapedMeter();
        Histogram<double> histogram = scraped.Meter.CreateHistogram<double>("autobid_x_duration_seconds", unit: "s");
        histogram.Record(1);
        using var stop = new CancellationTokenSource();
        Task writer = Task.Run(() =>
        {
            for (double value = 1e-6; !stop.IsCancellationRequested; value = value > 20 ? 1e-6 : value * 1.1) histogram.Record(value);
        });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            long last = 0;
            for (int i = 0; i < 100; i++)
            {
                string page = Encoding.UTF8.GetString((await scraped.Exposition.ScrapeAsync()).Bytes(PrometheusFormat.OpenMetrics).Span);
                long[] counts = [.. page.Split('\n').Where(static l => l.StartsWith("autobid_x_duration_seconds_bucket", StringComparison.Ordinal))
                    .Select(static l => long.Parse(l.AsSpan(l.LastIndexOf(' ') + 1), System.Globalization.CultureInfo.InvariantCulture))];
                Assert.Equal(20, counts.Length);
                Assert.Equal(counts.Order(), counts);
                Assert.Contains($"autobid_x_duration_seconds_count {counts[^1]}\n", page, StringComparison.Ordinal);
                Assert.True(counts[^1] >= last);
                last = counts[^1];
            }
        })));
        await stop.CancelAsync();
        await writer;
    }

    [Fact]
    public async Task An_exposition_without_a_living_provider_fails()
    {
        using var alone = new PrometheusExposition();
        await Assert.ThrowsAsync<InvalidOperationException>(alone.ScrapeAsync);

        var scraped = new ScrapedMeter();
        scraped.Page();
        scraped.Dispose();
        await Assert.ThrowsAsync<InvalidOperationException>(scraped.Exposition.ScrapeAsync);
        await Assert.ThrowsAsync<InvalidOperationException>(scraped.Exposition.ScrapeAsync);
    }

    [Fact]
    public void Nothing_recorded_is_an_empty_page()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("never");
        Assert.Empty(scraped.Samples());
        Assert.EndsWith("# EOF\n", scraped.Page(PrometheusFormat.OpenMetrics), StringComparison.Ordinal);
    }

    private static string Text(string any) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(any));

    /// <summary>The grammar of the text format, read as a Prometheus server does.</summary>
    private static Dictionary<string, string> ReadLabels(string labels)
    {
        var result = new Dictionary<string, string>();
        int at = 0;
        while (at < labels.Length)
        {
            int quote = labels.IndexOf("=\"", at, StringComparison.Ordinal);
            string name = labels[at..quote];
            var value = new StringBuilder();
            for (at = quote + 2; labels[at] != '"'; at++)
            {
                if (labels[at] != '\\') value.Append(labels[at]);
                else value.Append(labels[++at] == 'n' ? '\n' : labels[at]);
            }

            result.Add(name, value.ToString());
            at++;
            if (at < labels.Length) Assert.Equal(',', labels[at++]);
        }

        return result;
    }
}

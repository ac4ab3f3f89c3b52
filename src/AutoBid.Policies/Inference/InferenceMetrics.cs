using System.Diagnostics.Metrics;
using AutoBid.Policies.DecisionTransformer;

namespace AutoBid.Policies.Inference;

/// <summary>Instruments of the batchers. Labels: model, provider, bucket, class, stage; never a campaign.</summary>
public sealed class InferenceMetrics
{
    private readonly Lock _gate = new();
    private readonly Histogram<double> _queued, _ran, _features;
    private readonly Histogram<int> _rows;
    private readonly Counter<long> _missed, _failed, _featureRows, _evicted;
    private InferenceBatcher[] _batchers = [];
    private Accelerator[] _accelerators = [];
    private RowCache[] _caches = [];

    internal InferenceMetrics(Meter meter)
    {
        _queued = meter.CreateHistogram<double>("autobid_inference_queue_duration_seconds", "s", "A request, from its hand-over to the start of its run.");
        _ran = meter.CreateHistogram<double>("autobid_inference_duration_seconds", "s", "One run: copies in, graph, copies out.");
        _features = meter.CreateHistogram<double>("autobid_features_duration_seconds", "s", "Making the rows of one chunk of campaigns.");
        _featureRows = meter.CreateCounter<long>("autobid_features_rows_total", description: "Rows of decisions, by result: hit (copied), calibrated (copied, its forecast calibrated anew), changed (made, as its inputs changed), new (made, as none was kept).");
        _evicted = meter.CreateCounter<long>("autobid_features_evictions_total", description: "Campaigns whose kept feature rows went for those of others.");
        _rows = meter.CreateHistogram("autobid_inference_rows", null, "Rows of one run, without what fills its bucket.", null, new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192] });
        _missed = meter.CreateCounter<long>("autobid_inference_missed_total", description: "Requests without an answer in time, by stage: queue, run, queue-full.");
        _failed = meter.CreateCounter<long>("autobid_inference_failed_total", description: "Runs that failed, by fault.");
        meter.CreateObservableGauge("autobid_gpu_lost", Lost, description: "1: the device is lost for this process.");
        meter.CreateObservableGauge("autobid_features_cache_bytes", CacheBytes, description: "Memory that kept feature rows take.");
        meter.CreateObservableGauge("autobid_inference_memory_bytes", Memory, description: "Device memory that making a bucket ready took; slots of one device together.");
    }

    internal void Waited(string model, RequestClass kind, TimeSpan time)
        => _queued.Record(time.TotalSeconds, new("model", model), new("class", kind == RequestClass.Interactive ? "interactive" : "bulk"));

    internal void Ran(string model, string provider, string bucket, int rows, TimeSpan time)
    {
        _ran.Record(time.TotalSeconds, new("model", model), new("provider", provider), new("bucket", bucket));
        _rows.Record(rows, new("model", model), new("provider", provider));
    }

    internal void Built(string model, TimeSpan time, in RowTally tally)
    {
        _features.Record(time.TotalSeconds, new KeyValuePair<string, object?>("model", model));
        Count(tally.Hits, "hit");
        Count(tally.Calibrated, "calibrated");
        Count(tally.Changed, "changed");
        Count(tally.New, "new");
        if (tally.Evictions > 0) _evicted.Add(tally.Evictions, new KeyValuePair<string, object?>("model", model));

        void Count(int rows, string result)
        {
            if (rows > 0) _featureRows.Add(rows, new("model", model), new("result", result));
        }
    }

    internal void Missed(string model, string stage) => _missed.Add(1, new("model", model), new("stage", stage));

    internal void Failed(string model, InferenceFault fault) => _failed.Add(1, new("model", model), new("fault", NameOf(fault)));

    internal void Add(InferenceBatcher batcher)
    {
        lock (_gate) _batchers = [.. _batchers, batcher];
    }

    internal void Remove(InferenceBatcher batcher)
    {
        lock (_gate) _batchers = [.. _batchers.Where(other => other != batcher)];
    }

    internal void Add(RowCache? cache)
    {
        if (cache is null) return;
        lock (_gate) _caches = [.. _caches, cache];
    }

    internal void Remove(RowCache? cache)
    {
        lock (_gate) _caches = [.. _caches.Where(other => other != cache)];
    }

    internal void Watch(IReadOnlyList<Accelerator> accelerators)
    {
        lock (_gate) _accelerators = [.. accelerators];
    }

    private static string NameOf(InferenceFault fault) => fault switch
    {
        InferenceFault.OutOfMemory => "out-of-memory",
        InferenceFault.DeviceLost => "device-lost",
        InferenceFault.QueueFull => "queue-full",
        _ => "model",
    };

    private IEnumerable<Measurement<int>> Lost()
        => _accelerators.Select(a => new Measurement<int>(a.IsLost ? 1 : 0, new KeyValuePair<string, object?>("device", a.Index)));

    // Two versions of a model may both be there: one serves, the other is being judged.
    private IEnumerable<Measurement<long>> CacheBytes()
        => _caches.GroupBy(cache => cache.Model).Select(g => new Measurement<long>(g.Sum(cache => cache.Bytes), new KeyValuePair<string, object?>("model", g.Key)));

    private IEnumerable<Measurement<long>> Memory()
        => _batchers.SelectMany(b => b.Memory()).GroupBy(m => (m.Model, m.Device, m.Bucket)).Select(g => new Measurement<long>(
            g.Sum(m => m.Bytes), new("model", g.Key.Model), new("device", g.Key.Device), new KeyValuePair<string, object?>("bucket", g.Key.Bucket)));
}

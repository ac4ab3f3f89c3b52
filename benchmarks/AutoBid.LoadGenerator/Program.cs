using AutoBid.LoadGenerator;

// The same program is generator, service under test and null endpoint, each in a process of its own.
return args switch
{
    ["service", var port, var folder, var tick] => await Targets.RunServiceAsync(int.Parse(port, null), folder, TimeSpan.FromSeconds(double.Parse(tick, null))),
    ["null", var port] => await Targets.RunNullAsync(int.Parse(port, null)),
    _ => await HttpBenchmark.RunAsync(BenchmarkOptions.Parse(args)),
};

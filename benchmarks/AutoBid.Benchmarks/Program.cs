using AutoBid.Benchmarks.Ingest;
using AutoBid.Benchmarks.Leases;
using AutoBid.Benchmarks.Memory;
using AutoBid.Benchmarks.Policies;
using AutoBid.Benchmarks.Recovery;
using AutoBid.Benchmarks.Simulator;
using BenchmarkDotNet.Running;

// Whole periods are timed by their own driver: BenchmarkDotNet runs variants one after the other, and this machine drifts.
if (args is ["simulator", ..]) new SimulatorBenchmark(SimulatorBenchmarkOptions.Parse(args.AsSpan(1))).Run();
else if (args is ["policy", ..]) new PolicyBenchmark(PolicyBenchmarkOptions.Parse(args.AsSpan(1))).Run();
else if (args is ["leases", ..]) await LeaseBenchmark.RunAsync(args[1..]);
else if (args is ["ingest", ..]) await new IngestBenchmark(IngestBenchmarkOptions.Parse(args.AsSpan(1))).RunAsync();
else if (args is ["memory", ..]) new MemoryBenchmark(MemoryBenchmarkOptions.Parse(args.AsSpan(1))).Run();
else if (args is ["recovery", ..]) await new RecoveryBenchmark(RecoveryBenchmarkOptions.Parse(args.AsSpan(1))).RunAsync();
else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);

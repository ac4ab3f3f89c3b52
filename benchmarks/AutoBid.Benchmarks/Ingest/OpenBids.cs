namespace AutoBid.Benchmarks.Ingest;

/// <summary>Bids of one campaign whose holds are open: numbers from <paramref name="FirstSeq"/> on under one lease.</summary>
internal readonly record struct OpenBids(long Lease, long FirstSeq, int Count);

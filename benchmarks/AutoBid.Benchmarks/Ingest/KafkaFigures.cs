namespace AutoBid.Benchmarks.Ingest;

/// <summary>Rates from a Kafka broker, events a second, one of each a round.</summary>
internal sealed record KafkaFigures(IReadOnlyList<double> Bare, IReadOnlyList<double> Engine);

using System.Text;
using AutoBid.Streaming.Kafka;
using AutoBid.Streaming.Partitioning;
using Confluent.Kafka;

namespace AutoBid.Streaming.Tests.Partitioning;

public sealed class Murmur2Tests
{
    // From the test of org.apache.kafka.common.utils.Utils.murmur2.
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void Agrees_with_the_Java_client(string key, int hash) => Assert.Equal(hash, unchecked((int)Murmur2.Hash(Encoding.UTF8.GetBytes(key))));

    [Fact]
    public async Task Agrees_with_librdkafka_on_keys_of_every_length()
    {
        using var cluster = new EmbeddedCluster();
        using IProducer<string, byte[]> producer = new ProducerBuilder<string, byte[]>(
            new ProducerConfig { BootstrapServers = cluster.BootstrapServers, Partitioner = Partitioner.Murmur2, LingerMs = 1 }).Build();
        string[] keys = [.. Enumerable.Range(1, 60).Select(length => string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i * 7 + length) % 26)))), "日本語", "é"];
        DeliveryResult<string, byte[]>[] delivered = await Task.WhenAll(keys.Select(key => producer.ProduceAsync("partitioned", new Message<string, byte[]> { Key = key, Value = [] })));
        Assert.Equal(keys.Select(key => Murmur2.Partition(key, 4)), delivered.Select(one => one.Partition.Value));
        Assert.Equal(4, delivered.Select(one => one.Partition.Value).Distinct().Count());
    }
}

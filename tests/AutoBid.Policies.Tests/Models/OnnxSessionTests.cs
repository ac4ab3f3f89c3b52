using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Models;

public sealed class OnnxSessionTests
{
    private static readonly byte[] Tiny = File.ReadAllBytes(Path.Combine(Cards.Source, "tiny", "model.onnx"));

    [Fact]
    public void Opens_and_names_its_tensors()
    {
        using OnnxSession session = OnnxSession.Open(Tiny);
        Assert.Equal(["condition", "states", "actions", "timesteps", "mask"], session.Inputs.Select(i => i.Name));
        Assert.Equal([-1, 4, 29], session.Inputs[1].Shape);
        Assert.Equal("int64", session.Inputs[3].Dtype);
        Assert.Equal(1, session.Outputs[0].RowLength);
        Assert.Equal([1, 2, 4, 8, 16, 32], session.Batches);
    }

    [Fact]
    public void Every_batch_size_gives_the_same_answer_without_allocating()
    {
        using OnnxSession session = OnnxSession.Open(Tiny);
        var random = new Random(3);
        foreach (ref float x in session.Floats(1)) x = (float)random.NextDouble();
        session.Run(32);
        float[] all = session.Output(0)[..32].ToArray();
        Assert.Equal(32, all.Distinct().Count());
        foreach (int batch in session.Batches.ToArray())
        {
            session.Run(batch);
            Assert.Equal(all[..batch], session.Output(0)[..batch].ToArray());
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) session.Run(8);
        // ONNX Runtime's own binding call is the only thing that may allocate, and only a few bytes a run.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before <= 10 * 200);
    }

    [Fact]
    public void Refuses_garbage_and_unbound_batches()
    {
        Assert.ThrowsAny<Exception>(() => OnnxSession.Open([1, 2, 3]));
        using OnnxSession session = OnnxSession.Open(Tiny, [4]);
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Run(3));
    }
}

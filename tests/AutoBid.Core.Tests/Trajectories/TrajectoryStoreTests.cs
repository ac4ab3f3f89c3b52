using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Tests.Trajectories;

public sealed class TrajectoryStoreTests
{
    private static void CloseWithCurve(TrajectoryStore store, int block, int step)
    {
        float[] cost = new float[ResponseGrid.Points], value = new float[ResponseGrid.Points];
        Array.Fill(cost, step + 0.25f);
        Array.Fill(value, step + 0.5f);
        store.Close(block, new StepRow { Cost = step, Elapsed = 1 }, cost, value);
    }

    private static bool HasCurveOf(TrajectoryView view, int step)
    {
        if (!view.TryGetCurve(step, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value)) return false;
        Assert.Equal((Half)(step + 0.25f), cost[0]);
        Assert.Equal((Half)(step + 0.5f), value[^1]);
        Assert.Equal(ResponseGrid.Points, cost.Length);
        return true;
    }

    [Fact]
    public void Rows_are_appended_and_the_open_row_is_replaced()
    {
        var store = new TrajectoryStore();
        int block = store.Rent();
        store.SetOpen(block, new StepRow { Cost = 9, Elapsed = 0.5f });
        Assert.Equal(9, store.View(block).Open.Cost);
        store.Close(block, new StepRow { Cost = 1 });
        TrajectoryView view = store.View(block);
        Assert.Equal(1, view.Closed);
        Assert.Equal(1, view.Rows[0].Cost);
        Assert.Equal(0, view.Open.Cost);
    }

    [Fact]
    public void A_day_has_48_rows()
    {
        var store = new TrajectoryStore();
        int block = store.Rent();
        for (int s = 0; s < 48; s++) store.Close(block, new StepRow { Cost = s });
        Assert.Throws<InvalidOperationException>(() => store.Close(block, default));
        Assert.Equal(47, store.View(block).Open.Cost);
        store.SetOpen(block, new StepRow { Cost = 99 });
        Assert.Equal(47, store.View(block).Rows[47].Cost);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(48)]
    [InlineData(1)]
    public void Only_the_last_curves_are_kept(int kept)
    {
        var store = new TrajectoryStore(kept);
        int block = store.Rent();
        for (int s = 0; s < 48; s++)
        {
            // Every fifth step has no signal and so no curve.
            if (s % 5 == 4) store.Close(block, new StepRow { Cost = s });
            else CloseWithCurve(store, block, s);
            for (int step = 0; step < 48; step++)
                Assert.Equal(step <= s && step % 5 != 4 && step > s - kept, HasCurveOf(store.View(block), step));
        }

        Assert.False(store.View(block).TryGetCurve(-1, out _, out _));
    }

    [Fact]
    public void AsOf_shows_the_day_as_it_was()
    {
        var store = new TrajectoryStore();
        int block = store.Rent();
        for (int s = 0; s < 30; s++) CloseWithCurve(store, block, s);
        TrajectoryView then = store.View(block).AsOf(15);
        Assert.Equal(15, then.Closed);
        Assert.Equal(15, then.Rows.Length);
        Assert.Equal(15, then.Open.Cost);
        Assert.False(HasCurveOf(then, 15));
        Assert.True(HasCurveOf(then, 14));
        // Steps 0..9 have lost theirs since: 30 closed, 20 kept.
        Assert.False(HasCurveOf(then, 9));
        Assert.True(HasCurveOf(then, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.View(block).AsOf(31));
    }

    [Fact]
    public void A_returned_block_comes_back_empty_and_neighbours_are_untouched()
    {
        var store = new TrajectoryStore();
        int[] blocks = Enumerable.Range(0, 130).Select(_ => store.Rent()).ToArray();
        Assert.Equal(130, blocks.Distinct().Count());
        foreach (int b in blocks) CloseWithCurve(store, b, 0);
        store.Return(blocks[63]);
        int again = store.Rent();
        Assert.Equal(blocks[63], again);
        Assert.Equal(0, store.Closed(again));
        Assert.Equal(0, store.View(again).Open.Cost);
        CloseWithCurve(store, again, 0);
        foreach (int b in blocks) Assert.True(HasCurveOf(store.View(b), 0));
        store.Reset(blocks[64]);
        Assert.Equal(0, store.Closed(blocks[64]));
        Assert.Equal(1, store.Closed(blocks[65]));
    }

    [Fact]
    public void A_saved_block_loads_into_another_store()
    {
        var store = new TrajectoryStore();
        int block = store.Rent();
        for (int s = 0; s < 33; s++) CloseWithCurve(store, block, s);
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true)) store.Save(block, writer);
        stream.Position = 0;
        var other = new TrajectoryStore();
        other.Rent();
        int target = other.Rent();
        CloseWithCurve(other, target, 0);
        using var reader = new BinaryReader(stream);
        other.Load(target, reader);
        Assert.Equal(stream.Length, stream.Position);
        TrajectoryView a = store.View(block), b = other.View(target);
        Assert.Equal(33, b.Closed);
        for (int s = 0; s < 33; s++)
        {
            Assert.Equal(a.Rows[s], b.Rows[s]);
            Assert.Equal(HasCurveOf(a, s), HasCurveOf(b, s));
        }

        Assert.Equal(0, b.Open.Cost);
    }

    [Fact]
    public void A_row_is_one_cache_line() => Assert.Equal(64, System.Runtime.CompilerServices.Unsafe.SizeOf<StepRow>());
}

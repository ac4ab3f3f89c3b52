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
    public void A_curve_beyond_what_is_kept_stays_a_number_and_no_point_stays_none()
    {
        var store = new TrajectoryStore();
        int block = store.Rent();
        float[] cost = new float[ResponseGrid.Points], value = new float[ResponseGrid.Points];
        Array.Fill(cost, 121_000f);
        Array.Fill(value, float.NaN);
        store.Close(block, new StepRow { Elapsed = 1 }, cost, value);
        Assert.True(store.View(block).TryGetCurve(0, out ReadOnlySpan<Half> kept, out ReadOnlySpan<Half> none));
        Assert.Equal(Half.MaxValue, kept[0]);
        Assert.True(Half.IsNaN(none[0]));
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
    public void A_row_is_60_bytes() => Assert.Equal(60, System.Runtime.CompilerServices.Unsafe.SizeOf<StepRow>());

    [Theory]
    [InlineData(0f)]
    [InlineData(0.9999f)]
    [InlineData(1f)]
    public void Elapsed_and_partial_share_a_scalar_and_not_their_values(float elapsed)
    {
        foreach (float partial in new[] { 0f, 1f })
        {
            Assert.Equal((elapsed, partial), Both(new StepRow { Elapsed = elapsed, Partial = partial }));
            Assert.Equal((elapsed, partial), Both(new StepRow { Partial = partial, Elapsed = elapsed }));
            Assert.Equal((elapsed, 1 - partial), Both(new StepRow { Partial = partial, Elapsed = elapsed } with { Partial = 1 - partial }));
            Assert.Equal((0.5f, partial), Both(new StepRow { Partial = partial, Elapsed = elapsed } with { Elapsed = 0.5f }));
        }

        static (float, float) Both(in StepRow row) => (row.Elapsed, row.Partial);
    }

    [Fact]
    public void A_block_is_stored_as_16_scalars_a_row()
    {
        // What databases hold was written so when a row was 16 floats in memory.
        var store = new TrajectoryStore(1);
        int block = store.Rent();
        store.Close(block, new StepRow { Impressions = 3, LateConversions = 14, Elapsed = 1, Partial = 1 });
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        store.Save(block, writer);
        float[] row = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(stream.ToArray().AsSpan(9, 64)).ToArray();
        Assert.Equal([3, .. new float[12], 14, 1, 1], row);
        Assert.Equal(9 + 64 + TrajectoryStore.CurveStride * 2, stream.Length);
    }
}

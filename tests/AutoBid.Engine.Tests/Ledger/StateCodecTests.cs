using System.Runtime.InteropServices;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Ledger;

/// <summary>Which parts of a campaign's state a commit carries, and what a store that keeps the last of each gives back.</summary>
public sealed class StateCodecTests : IDisposable
{
    private const int NextDay = 20250603;

    private readonly Bench _bench = new();
    private readonly SortedDictionary<int, CampaignState> _stored = [];

    public void Dispose() => _bench.Dispose();

    /// <summary>As a store does.</summary>
    private int[] Commit(int campaign)
    {
        List<CampaignState> states = _bench.Save(campaign);
        foreach (CampaignState state in states)
        {
            if (state.Blob.Length > 0) _stored[state.Day] = state;
            else Assert.True(_stored.Remove(state.Day), $"nothing was stored of {state.Day}");
        }

        return [.. states.Select(state => state.Day)];
    }

    private string Of(Bench bench, int campaign)
    {
        TrajectoryView view = bench.Book.Trajectories.View(bench.Entry(campaign).Block);
        string curves = string.Join(' ', Enumerable.Range(0, view.Closed).Select(step
            => view.TryGetCurve(step, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value) ? $"{step}:{string.Join(',', [.. cost, .. value])}" : ""));
        return $"{bench.Entry(campaign).Day} {view.Closed} {Convert.ToHexString(MemoryMarshal.AsBytes(view.Rows))} {curves} {bench.Entry(campaign).SpentNanos}";
    }

    private Bench Restored(out int campaign)
    {
        var other = new Bench();
        other.Book.Upsert(Bench.Campaign("earlier"));
        campaign = other.Book.Upsert(Bench.Campaign());
        other.Load(campaign, _stored.Values);
        return other;
    }

    [Fact]
    public void Closed_steps_go_when_there_are_more_of_them_and_not_with_every_event()
    {
        int c = _bench.Open(Bench.Campaign());
        Assert.Equal([CampaignState.Running], Commit(c));
        _bench.Book.Open(c).AddSignal(2_000_000, 20_000_000, 25);
        _bench.Closer.Advance(c, Bench.At(10));
        Assert.Equal([CampaignState.Running, Bench.Day], Commit(c));
        long steps = _stored[Bench.Day].Blob.Length;
        _bench.Apply(Bench.Foreign("f", 7_000, bidHours: 10), nowHours: 10.1);
        Assert.Equal([CampaignState.Running], Commit(c));
        Assert.InRange(_stored[CampaignState.Running].Blob.Length, 1, steps / 3);
        using Bench other = Restored(out int copy);
        Assert.Equal(Of(_bench, c), Of(other, copy));
        // Whoever took over knows what is stored.
        Assert.Equal([CampaignState.Running], other.Save(copy).Select(state => state.Day));
        other.Closer.Advance(copy, Bench.At(10.5));
        Assert.Equal([CampaignState.Running, Bench.Day], other.Save(copy).Select(state => state.Day));
    }

    [Fact]
    public void A_day_that_is_over_is_kept_until_the_next_one_has_a_step_and_then_goes()
    {
        int c = _bench.Open(Bench.Campaign(), 20);
        Commit(c);
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, Status = CampaignStatus.Paused });
        _bench.Closer.Advance(c, Bench.At(25));
        Assert.Equal([CampaignState.Running, Bench.Day], Commit(c));
        using (Bench other = Restored(out int copy)) Assert.Equal((0, 48), (other.Entry(copy).Day, other.Book.Trajectories.Closed(other.Entry(copy).Block)));

        _bench.Book.Upsert(Bench.Campaign() with { Version = 3 });
        _bench.Closer.Advance(c, Bench.At(25.5));
        Commit(c);
        Assert.Equal([CampaignState.Running, NextDay], _stored.Keys);
        using Bench next = Restored(out int one);
        Assert.Equal(Of(_bench, c), Of(next, one));
    }

    [Fact]
    public void A_block_that_is_given_back_takes_its_steps_out_of_the_store()
    {
        int c = _bench.Open(Bench.Campaign(), 20);
        Commit(c);
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, Status = CampaignStatus.Paused });
        _bench.Closer.Advance(c, Bench.At(24));
        _bench.Closer.Advance(c, Bench.At(48));
        Commit(c);
        Assert.Equal([CampaignState.Running], _stored.Keys);
        using Bench other = Restored(out int copy);
        Assert.Equal(-1, other.Entry(copy).Block);
    }

    [Fact]
    public void Parts_that_do_not_belong_together_are_refused()
    {
        int c = _bench.Open(Bench.Campaign(), 20);
        Commit(c);
        CampaignState running = _stored[CampaignState.Running], steps = _stored[Bench.Day];
        Assert.Throws<InvalidDataException>(() => _bench.Load(c, [running, steps with { Day = NextDay }]));
        Assert.Throws<InvalidDataException>(() => _bench.Load(c, [running with { Blob = [3, .. running.Blob[1..]] }]));
        Assert.Throws<InvalidDataException>(() => _bench.Load(c, [running, steps with { Blob = [3, .. steps.Blob[1..]] }]));
    }

    [Fact]
    public void What_was_only_decided_may_wait_for_a_later_commit_and_what_else_changed_may_not()
    {
        int[] all = [.. Enumerable.Range(0, 6).Select(i => _bench.Book.Upsert(Bench.Campaign($"c{i}")))];
        _bench.Book.TakeDirty(int.MaxValue);
        foreach (int c in all) _bench.Book.TouchLater(c);
        _bench.Book.Touch(all[1]);
        Assert.Equal([all[1], all[0], all[2]], _bench.Book.TakeDirty(2));
        // Decided again while it waits: once is enough; decided again after it was taken: it waits anew.
        _bench.Book.TouchLater(all[3]);
        _bench.Book.TouchLater(all[0]);
        Assert.Equal([all[3], all[4]], _bench.Book.TakeDirty(2));
        Assert.True(_bench.Book.HasDirty);
        Assert.Equal([all[5], all[0]], _bench.Book.TakeDirty(int.MaxValue));
        Assert.False(_bench.Book.HasDirty);
        Assert.Empty(_bench.Book.TakeDirty(int.MaxValue));
    }
}

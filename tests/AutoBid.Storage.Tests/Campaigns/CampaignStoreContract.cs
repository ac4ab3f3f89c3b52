using AutoBid.Core.Campaigns;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Campaigns;

/// <summary>What every campaign store must do, whatever its database. A subclass names the database.</summary>
public abstract class CampaignStoreContract : IAsyncLifetime
{
    private protected abstract ICampaignStore Store { get; }

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task A_created_campaign_is_found_by_its_tenant_only()
    {
        Assert.True(await Store.CreateAsync(Make("a", "c1"), default));
        Assert.Equal("c1", (await Store.GetAsync("a", "c1", default))?.Id);
        Assert.Null(await Store.GetAsync("b", "c1", default));
        Assert.Null(await Store.GetAsync("a", "c2", default));
        Assert.Null(await Store.UpdateAsync(Make("b", "c1"), 1, default));
        Assert.Empty(await Store.ListAsync("b", null, 10, default));
        Assert.Equal("a", (await Store.GetAsync("a", "c1", default))?.TenantId);
    }

    [Fact]
    public async Task Ids_are_global()
    {
        Assert.True(await Store.CreateAsync(Make("a", "c1", name: "first"), default));
        Assert.False(await Store.CreateAsync(Make("a", "c1"), default));
        Assert.False(await Store.CreateAsync(Make("b", "c1"), default));
        Assert.Null(await Store.CreateOnceAsync(Make("b", "c1"), "key", default));
        Assert.Equal("first", (await Store.GetAsync("a", "c1", default))?.Name);
        Assert.Single(await Store.OutboxAsync(10, default));
    }

    [Fact]
    public async Task An_update_needs_the_stored_version_and_raises_it()
    {
        await Store.CreateAsync(Make("a", "c1"), default);
        CampaignUpdate? applied = await Store.UpdateAsync(Make("a", "c1", name: "second") with { Version = 99 }, 1, default);
        Assert.Equal((true, 2L, "second"), (applied!.Value.Applied, applied.Value.Stored.Version, applied.Value.Stored.Name));

        CampaignUpdate? stale = await Store.UpdateAsync(Make("a", "c1", name: "third"), 1, default);
        Assert.Equal((false, 2L, "second"), (stale!.Value.Applied, stale.Value.Stored.Version, stale.Value.Stored.Name));
        Assert.Equal("second", (await Store.GetAsync("a", "c1", default))?.Name);
        Assert.Equal(2, (await Store.OutboxAsync(10, default)).Count);
    }

    [Fact]
    public async Task Of_parallel_updates_of_one_version_one_applies()
    {
        await Store.CreateAsync(Make("a", "c1"), default);
        CampaignUpdate?[] updates = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => Task.Run(async () => await Store.UpdateAsync(Make("a", "c1", name: $"n{i}"), 1, default))));
        CampaignUpdate applied = Assert.Single(updates, update => update!.Value.Applied)!.Value;
        Assert.All(updates, update => Assert.Equal(applied.Stored.Name, update!.Value.Stored.Name));
    }

    [Fact]
    public async Task A_repeat_with_the_same_key_returns_the_first_answer()
    {
        (Campaign stored, bool created) = (await Store.CreateOnceAsync(Make("a", "c1") with { Target = 1.5m }, "key", default))!.Value;
        Assert.Equal(("c1", true), (stored.Id, created));
        await Store.UpdateAsync(Make("a", "c1", name: "changed"), 1, default);

        (Campaign again, bool createdAgain) = (await Store.CreateOnceAsync(Make("a", "c1") with { Target = 1.50m }, "key", default))!.Value;
        Assert.Equal(("first", 1L, false), (again.Name, again.Version, createdAgain));
        Assert.Equal(2, (await Store.OutboxAsync(10, default)).Count);
    }

    [Fact]
    public async Task A_key_with_other_content_is_refused_and_belongs_to_its_tenant()
    {
        await Store.CreateOnceAsync(Make("a", "c1"), "key", default);
        await Assert.ThrowsAsync<IdempotencyMismatchException>(async () => await Store.CreateOnceAsync(Make("a", "c1", name: "other"), "key", default));
        await Assert.ThrowsAsync<IdempotencyMismatchException>(async () => await Store.CreateOnceAsync(Make("a", "c2"), "key", default));
        Assert.Null(await Store.GetAsync("a", "c2", default));
        Assert.True((await Store.CreateOnceAsync(Make("b", "c3"), "key", default))!.Value.Created);
    }

    [Fact]
    public async Task A_key_whose_campaign_could_not_be_created_is_not_used_up()
    {
        await Store.CreateAsync(Make("b", "c1"), default);
        Assert.Null(await Store.CreateOnceAsync(Make("a", "c1"), "key", default));
        Assert.True((await Store.CreateOnceAsync(Make("a", "c2"), "key", default))!.Value.Created);
    }

    [Fact]
    public async Task Parallel_repeats_create_once()
    {
        (Campaign Stored, bool Created)?[] answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Store.CreateOnceAsync(Make("a", "c1"), "key", default))));
        Assert.Single(answers, answer => answer!.Value.Created);
        Assert.Single(await Store.OutboxAsync(10, default));
    }

    [Fact]
    public async Task Lists_are_pages_in_id_order()
    {
        foreach (string id in new[] { "c2", "C3", "c1", "c10" }) await Store.CreateAsync(Make("a", id), default);
        await Store.CreateAsync(Make("b", "c11"), default);
        Assert.Equal(["C3", "c1", "c10"], (await Store.ListAsync("a", null, 3, default)).Select(campaign => campaign.Id));
        Assert.Equal(["c2"], (await Store.ListAsync("a", "c10", 3, default)).Select(campaign => campaign.Id));
        Assert.Empty(await Store.ListAsync("a", "c2", 3, default));
    }

    [Fact]
    public async Task The_engine_reads_every_campaign_of_every_tenant()
    {
        string[] ids = [.. Enumerable.Range(0, 1_001).Select(i => $"c{i:D4}")];
        foreach (string id in ids) await Store.CreateAsync(Make(id[^1] == '3' ? "a" : "b", id), default);
        var all = new List<string>();
        await foreach (Campaign campaign in Store.AllAsync(default)) all.Add(campaign.Id);
        Assert.Equal(ids, all);
    }

    [Fact]
    public async Task The_outbox_holds_every_change_in_order_until_it_is_published()
    {
        await Store.CreateAsync(Make("a", "c1"), default);
        await Store.CreateAsync(Make("b", "c2"), default);
        await Store.UpdateAsync(Make("a", "c1", name: "second"), 1, default);
        IReadOnlyList<OutboxRow> rows = await Store.OutboxAsync(10, default);
        Assert.Equal([("c1", 1L), ("c2", 1L), ("c1", 2L)], rows.Select(row => (row.Campaign.Id, row.Campaign.Version)));
        Assert.Equal(rows.Select(row => row.Id).Order(), rows.Select(row => row.Id));
        Assert.Equal(rows[0].Id, Assert.Single(await Store.OutboxAsync(1, default)).Id);

        await Store.PublishedAsync([rows[0].Id, rows[2].Id, rows[2].Id + 100], default);
        await Store.PublishedAsync([], default);
        Assert.Equal(rows[1].Id, Assert.Single(await Store.OutboxAsync(10, default)).Id);
        await Store.PublishedAsync([rows[1].Id], default);
        await Store.UpdateAsync(Make("a", "c1"), 2, default);

        // Ids are not used again: a publisher that confirms twice must not remove a later change.
        Assert.True(Assert.Single(await Store.OutboxAsync(10, default)).Id > rows[2].Id);
    }

    private static Campaign Make(string tenant, string id, string name = "first")
        => new() { Id = id, TenantId = tenant, Name = name, Objective = Objective.TargetCpa, Target = 2, DailyBudgetNanos = 5_000_000_000 };
}

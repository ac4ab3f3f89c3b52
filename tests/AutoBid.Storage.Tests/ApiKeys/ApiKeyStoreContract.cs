using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.ApiKeys;

/// <summary>What every key store must do, whatever its database. A subclass names the database.</summary>
public abstract class ApiKeyStoreContract : IAsyncLifetime
{
    private protected abstract IApiKeyStore Store { get; }

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task A_key_is_found_with_everything_it_was_stored_with()
    {
        ApiKeyRow key = Make("p1") with { Scopes = ["bid", "campaigns:read"], Tenants = ["a", "quote\"d"] };
        await Store.AddAsync(key, default);
        await Store.AddAsync(Make("p0"), default);
        ApiKeyRow found = (await Store.FindAsync("p1", default))!;
        Assert.Equal((key.Prefix, key.TenantId, key.CreatedAt), (found.Prefix, found.TenantId, found.CreatedAt));
        Assert.Equal(DateTimeKind.Utc, found.CreatedAt.Kind);
        Assert.Equal(key.SecretHash, found.SecretHash);
        Assert.Equal(key.Scopes, found.Scopes);
        Assert.Equal(key.Tenants, found.Tenants);
        Assert.Equal(["p0", "p1"], (await Store.ListAsync(default)).Select(row => row.Prefix));
    }

    [Fact]
    public async Task A_revoked_key_is_gone()
    {
        await Store.AddAsync(Make("p1"), default);
        Assert.True(await Store.RevokeAsync("p1", default));
        Assert.Null(await Store.FindAsync("p1", default));
        Assert.False(await Store.RevokeAsync("p1", default));
    }

    [Fact]
    public async Task A_prefix_is_used_once_and_a_hash_has_32_bytes()
    {
        await Store.AddAsync(Make("p1"), default);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Store.AddAsync(Make("p1") with { TenantId = "other" }, default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AddAsync(Make("p2") with { SecretHash = new byte[31] }, default));
        Assert.Equal("acme", Assert.Single(await Store.ListAsync(default)).TenantId);
    }

    private static ApiKeyRow Make(string prefix)
        => new(prefix, [.. Enumerable.Range(100, 32).Select(i => (byte)i)], "acme", ["admin"], [], new DateTime(2026, 8, 1, 1, 2, 3, DateTimeKind.Utc));
}

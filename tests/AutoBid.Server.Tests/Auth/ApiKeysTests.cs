using System.Security.Cryptography;
using System.Text;
using AutoBid.Engine.Ports;
using AutoBid.Server.Auth;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Auth;

public sealed class ApiKeysTests
{
    private readonly MemoryKeyStore _store = new();
    private readonly ManualTime _time = new();
    private readonly ApiKeys _keys;

    public ApiKeysTests() => _keys = new ApiKeys(_store, _time, _time);

    [Fact]
    public async Task Without_keys_every_caller_is_the_default_tenant_with_all_scopes()
    {
        await _keys.LoadAsync(default);
        Caller? caller = await _keys.FindAsync(null, default);
        Assert.Equal((Caller.DefaultTenant, Scopes.All), (caller!.TenantId, caller.Scopes));
    }

    [Fact]
    public async Task Only_prefix_and_hash_of_a_key_are_stored()
    {
        string key = await _keys.CreateAsync("acme", ["bid"], ["other"], default);
        ApiKeyRow row = Assert.Single(_store.Rows);
        string[] parts = key.Split('_', 3);
        Assert.Equal(("ab", row.Prefix), (parts[0], parts[1]));
        Assert.Equal(SHA256.HashData(Encoding.ASCII.GetBytes(parts[2])), row.SecretHash);
        Assert.True(parts[2].Length >= 32);
        Caller? caller = await _keys.FindAsync(key, default);
        Assert.True(caller!.May(Scopes.Bid));
        Assert.False(caller.May(Scopes.Events));
        Assert.True(caller.MayActFor("acme") && caller.MayActFor("other"));
        Assert.False(caller.MayActFor("third"));
        Assert.Equal(row.Prefix, caller.KeyId);
    }

    [Fact]
    public async Task Once_there_is_a_key_none_is_not_enough()
    {
        await _keys.CreateAsync("acme", ["bid"], [], default);
        Assert.True(_keys.HasKeys);
        Assert.Null(await _keys.FindAsync(null, default));
        Assert.Null(await _keys.FindAsync("ab_00_00", default));
    }

    [Fact]
    public async Task A_revoked_key_dies_within_thirty_seconds_and_the_store_is_asked_no_more_often()
    {
        string key = await _keys.CreateAsync("acme", ["bid"], [], default);
        Assert.NotNull(await _keys.FindAsync(key, default));
        Assert.NotNull(await _keys.FindAsync(key, default));
        Assert.Equal(1, _store.Asked);
        await _store.RevokeAsync(_store.Rows[0].Prefix, default);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.NotNull(await _keys.FindAsync(key, default));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await _keys.FindAsync(key, default));
    }

    [Fact]
    public async Task A_key_with_a_scope_of_another_version_is_no_key()
    {
        string key = await _keys.CreateAsync("acme", ["teleport"], [], default);
        Assert.Null(await _keys.FindAsync(key, default));
    }

    private sealed class MemoryKeyStore : IApiKeyStore
    {
        public List<ApiKeyRow> Rows { get; } = [];

        public int Asked { get; private set; }

        public ValueTask AddAsync(ApiKeyRow key, CancellationToken cancellation)
        {
            Rows.Add(key);
            return ValueTask.CompletedTask;
        }

        public ValueTask<ApiKeyRow?> FindAsync(string prefix, CancellationToken cancellation)
        {
            Asked++;
            return ValueTask.FromResult(Rows.Find(row => row.Prefix == prefix));
        }

        public ValueTask<IReadOnlyList<ApiKeyRow>> ListAsync(CancellationToken cancellation) => ValueTask.FromResult<IReadOnlyList<ApiKeyRow>>(Rows);

        public ValueTask<bool> RevokeAsync(string prefix, CancellationToken cancellation) => ValueTask.FromResult(Rows.RemoveAll(row => row.Prefix == prefix) > 0);
    }
}

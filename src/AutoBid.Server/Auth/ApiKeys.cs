using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Engine.Ports;

namespace AutoBid.Server.Auth;

/// <summary>
/// Keys of the form <c>ab_PREFIX_SECRET</c>, stored as prefix and SHA-256. Answers are remembered for 30 seconds, so that the bid path asks no
/// database and a revoked key dies within that time.
/// </summary>
public sealed class ApiKeys(IApiKeyStore store, TimeProvider monotonic, TimeProvider wall)
{
    private const int PrefixBytes = 6;
    private const int SecretBytes = 24;
    private const int MostRemembered = 10_000;

    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (Caller? Caller, long Timestamp)> _answers = new(StringComparer.Ordinal);
    private volatile bool _hasKeys;

    /// <summary>False: no key exists, every caller is the default tenant with all scopes, and only loopback may be listened on.</summary>
    public bool HasKeys => _hasKeys;

    /// <summary>Reads whether keys exist.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
        => _hasKeys = (await store.ListAsync(cancellation).ConfigureAwait(false)).Count > 0;

    /// <summary>Makes a key and returns its only readable form.</summary>
    public async Task<string> CreateAsync(string tenantId, IReadOnlyList<string> scopes, IReadOnlyList<string> tenants, CancellationToken cancellation)
    {
        string prefix = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PrefixBytes));
        string secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var row = new ApiKeyRow(prefix, SHA256.HashData(Encoding.ASCII.GetBytes(secret)), tenantId, scopes, tenants, wall.GetUtcNow().UtcDateTime);
        await store.AddAsync(row, cancellation).ConfigureAwait(false);
        _hasKeys = true;
        _answers.Clear();
        return $"ab_{prefix}_{secret}";
    }

    /// <summary>The caller behind a header value; null: no valid key.</summary>
    public ValueTask<Caller?> FindAsync(string? header, CancellationToken cancellation)
    {
        if (!_hasKeys) return new ValueTask<Caller?>(Caller.Open);
        if (string.IsNullOrEmpty(header) || header.Length > 128) return new ValueTask<Caller?>((Caller?)null);
        if (_answers.TryGetValue(header, out var known) && monotonic.GetElapsedTime(known.Timestamp) < Remembered) return new ValueTask<Caller?>(known.Caller);
        return AskAsync(header, cancellation);
    }

    private async ValueTask<Caller?> AskAsync(string header, CancellationToken cancellation)
    {
        Caller? caller = null;
        string[] parts = header.Split('_', 3);
        if (parts is ["ab", var prefix, var secret]
            && await store.FindAsync(prefix, cancellation).ConfigureAwait(false) is { } row
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), row.SecretHash)
            && ScopeNames.TryParse(row.Scopes, out Scopes scopes))
        {
            caller = new Caller(row.TenantId, scopes, row.Tenants, row.Prefix);
        }

        // Bounded: a flood of wrong keys must not fill the memory.
        if (_answers.Count >= MostRemembered) _answers.Clear();
        _answers[header] = (caller, monotonic.GetTimestamp());
        return caller;
    }
}

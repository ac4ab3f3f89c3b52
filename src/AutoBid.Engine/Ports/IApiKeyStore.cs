namespace AutoBid.Engine.Ports;

/// <summary>API keys, stored as prefix and SHA-256 of the secret.</summary>
public interface IApiKeyStore
{
    ValueTask AddAsync(ApiKeyRow key, CancellationToken cancellation);

    ValueTask<ApiKeyRow?> FindAsync(string prefix, CancellationToken cancellation);

    ValueTask<IReadOnlyList<ApiKeyRow>> ListAsync(CancellationToken cancellation);

    ValueTask<bool> RevokeAsync(string prefix, CancellationToken cancellation);
}

namespace AutoBid.OpenRtb.Notices;

/// <summary>
/// Secrets that sign notice tokens, by key id. To rotate: add the new key everywhere, then make it current, and drop the old one
/// when its last token has expired.
/// </summary>
public sealed class NoticeKeys
{
    /// <summary>Shortest secret that is accepted.</summary>
    public const int MinSecretBytes = 16;

    private readonly byte[]?[] _secrets = new byte[]?[256];

    /// <param name="secrets">Secret per key id; 32 random bytes are the sensible size.</param>
    /// <param name="current">Key that signs new tokens.</param>
    /// <exception cref="ArgumentException">A secret is too short, or the current key is not among them.</exception>
    public NoticeKeys(IReadOnlyDictionary<byte, byte[]> secrets, byte current)
    {
        foreach ((byte id, byte[] secret) in secrets)
        {
            if (secret.Length < MinSecretBytes) throw new ArgumentException($"Notice key {id} is shorter than {MinSecretBytes} bytes.", nameof(secrets));
            _secrets[id] = [.. secret];
        }

        if (_secrets[current] is null) throw new ArgumentException($"Notice key {current} is current but has no secret.", nameof(current));
        Current = current;
    }

    /// <summary>Id of the key that signs new tokens.</summary>
    public byte Current { get; }

    internal byte[] CurrentSecret => _secrets[Current]!;

    internal bool TryGet(byte id, out byte[] secret)
    {
        secret = _secrets[id] ?? [];
        return secret.Length > 0;
    }
}

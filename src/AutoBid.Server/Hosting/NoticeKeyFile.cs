using System.Security.Cryptography;
using AutoBid.OpenRtb.Notices;

namespace AutoBid.Server.Hosting;

/// <summary>The secret that signs notice tokens: made on first start, kept beside the database, readable by its owner only.</summary>
internal static class NoticeKeyFile
{
    private const int SecretBytes = 32;

    public static NoticeKeys LoadOrCreate(string path)
    {
        byte[] secret;
        if (File.Exists(path))
        {
            secret = File.ReadAllBytes(path);
            if (secret.Length != SecretBytes) throw new StartupException($"{path} is damaged: {SecretBytes} bytes are expected.");
        }
        else
        {
            secret = RandomNumberGenerator.GetBytes(SecretBytes);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var file = new FileStream(path, options);
            file.Write(secret);
        }

        return new NoticeKeys(new Dictionary<byte, byte[]> { [1] = secret }, 1);
    }
}

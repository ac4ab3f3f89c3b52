using System.Globalization;
using FsCheck;

namespace AutoBid.Tests.Shared;

/// <summary>
/// How properties are checked: from the same seed at every run, so that a red test is the change's and stays red; anew with AUTOBID_TEST_SEED=random
/// (<c>./autobid test --seed random</c>) and in long runs, which look for what no seed has shown yet. A failure names its seed.
/// </summary>
internal static class Checks
{
    private const ulong Standard = 20_250_605;

    // What FsCheck's generator steps by; any odd number will do.
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    public static Config Config { get; } = Environment.GetEnvironmentVariable("AUTOBID_TEST_SEED") switch
    {
        "random" => Config.QuickThrowOnFailure,
        { Length: > 0 } seed => Config.QuickThrowOnFailure.WithReplay(ulong.Parse(seed, NumberStyles.None, CultureInfo.InvariantCulture), Gamma),
        _ when Environment.GetEnvironmentVariable("AUTOBID_CHAOS") == "long" => Config.QuickThrowOnFailure,
        _ => Config.QuickThrowOnFailure.WithReplay(Standard, Gamma),
    };
}

using System.Runtime.CompilerServices;

namespace AutoBid.Server.Tests.Testing;

/// <summary>Tests see a service without shipped models and priors, whatever the repository holds: what it decides depends on the test alone.</summary>
internal static class NoInstallation
{
    [ModuleInitializer]
    internal static void Hide() => Environment.SetEnvironmentVariable("AUTOBID_HOME", Path.Combine(Path.GetTempPath(), "autobid-tests-no-home"));
}

namespace AutoBid.Server.Hosting;

/// <summary>Where the installed files are: AUTOBID_HOME as the entry script sets it, else the repository above the program, else the working folder.</summary>
public static class Installation
{
    public static string Home { get; } = Find();

    /// <summary>The model registry.</summary>
    public static string Models => Path.Combine(Home, "policies", "models");

    /// <summary>The population prior that is shipped.</summary>
    public static string Prior => Path.Combine(Home, "policies", "priors", "market.json");

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("AUTOBID_HOME") is { Length: > 0 } home) return home;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "AutoBid.sln"))) return folder.FullName;
        return Environment.CurrentDirectory;
    }
}

namespace AutoBid.Cli.Serving;

/// <summary>Where the repository's own files are: AUTOBID_HOME (set by ./autobid), else the folders above the program.</summary>
internal static class RepositoryFolders
{
    /// <summary>policies/models; null when there is none.</summary>
    public static string? Models(Func<string, string?> environment)
    {
        if (environment("AUTOBID_HOME") is { Length: > 0 } home)
        {
            string models = Path.Combine(home, "policies", "models");
            return Directory.Exists(models) ? models : null;
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string models = Path.Combine(folder.FullName, "policies", "models");
            if (Directory.Exists(models)) return models;
        }

        return null;
    }
}

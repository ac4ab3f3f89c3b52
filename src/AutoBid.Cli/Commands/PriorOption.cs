using System.CommandLine;
using AutoBid.Policies.Priors;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Commands;

/// <summary>The option that names a population prior, with one wording and one check for every command.</summary>
internal static class PriorOption
{
    private const string None = "none";

    /// <summary>The prior of the benchmark's market that is shipped.</summary>
    public static string AuctionNet => Path.Combine(Installation.Home, "policies", "priors", "auctionnet.json");

    public static Option<string?> Create(string description) => new("--prior") { Description = description, HelpName = "FILE|none" };

    /// <summary>The prior of a file; null: <c>none</c>, or none was named and none is shipped.</summary>
    /// <param name="shipped">Taken when no file is named.</param>
    /// <exception cref="CommandException">The file cannot be used.</exception>
    public static PriorFile? Load(string? named, string shipped)
    {
        if (named == None || (named is null && !File.Exists(shipped))) return null;
        try
        {
            return PriorFile.Load(named ?? shipped);
        }
        catch (PriorFileException e)
        {
            throw new CommandException($"--prior: {e.Message}", e, CommandException.Usage);
        }
    }
}

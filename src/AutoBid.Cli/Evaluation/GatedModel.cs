using System.Globalization;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;

namespace AutoBid.Cli.Evaluation;

/// <summary>The version of a registry that is to be judged, opened whatever its verdict says so far.</summary>
internal sealed class GatedModel : IDisposable
{
    private readonly PolicyMetrics _metrics = new();
    private readonly ModelRegistry _registry;

    /// <param name="models">Folder of the registry.</param>
    /// <param name="text">name or name/version; without a version the newest.</param>
    /// <exception cref="CommandException">There is no such model, or it could not serve whatever its verdict.</exception>
    /// <param name="threads">That ask beside each other.</param>
    public GatedModel(string models, string text, int threads)
    {
        _registry = new ModelRegistry(models, new ModelRegistryOptions { CpuSlots = threads }, _metrics, TimeProvider.System);
        try
        {
            (string name, string version) = Named(text);
            LiveModel model = _registry.Examine(name, version);
            Policy = model.Policy;
            CardSha256 = model.CardSha256;
            Folder = Path.Combine(models, name, version);
            Card = ModelCard.Parse(File.ReadAllBytes(Path.Combine(Folder, "card.json")));
        }
        catch (ModelRefusedException e)
        {
            Dispose();
            throw new CommandException($"--gate: {text}: {e.Message}", e, CommandException.Usage);
        }
        catch (CommandException)
        {
            Dispose();
            throw;
        }
    }

    public IBidPolicy Policy { get; }

    public ModelCard Card { get; }

    public string CardSha256 { get; }

    /// <summary>Where its verdict belongs.</summary>
    public string Folder { get; }

    /// <summary>Name/version.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Card.Name}/{Card.Version}");

    public void Dispose()
    {
        (Policy as IDisposable)?.Dispose();
        _registry.Dispose();
        _metrics.Dispose();
    }

    private (string Name, string Version) Named(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0)) throw new CommandException($"--gate: '{text}' is not name or name/version", CommandException.Usage);
        if (parts.Length == 2) return (parts[0], parts[1]);
        return _registry.List().FirstOrDefault(listing => listing.Name == text) is { } newest
            ? (text, newest.Version)
            : throw new CommandException($"--gate: there is no model {text}", CommandException.Usage);
    }
}

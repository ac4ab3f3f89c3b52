using AutoBid.Policies.Models;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>Cards and model folders of the tests, made from the committed tiny models.</summary>
internal static class Cards
{
    public static string Source { get; } = Path.Combine(AppContext.BaseDirectory, "Models");

    public static ModelCard Tiny { get; } = ModelCard.Parse(File.ReadAllBytes(Path.Combine(Source, "tiny", "card.json")));

    public static ModelCard Market { get; } = ModelCard.Parse(File.ReadAllBytes(Path.Combine(Source, "market", "card.json")));

    public static ModelCard Residual { get; } = ModelCard.Parse(File.ReadAllBytes(Path.Combine(Source, "residual", "card.json")));
}

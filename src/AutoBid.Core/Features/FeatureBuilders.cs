namespace AutoBid.Core.Features;

/// <summary>The builders by name.</summary>
public static class FeatureBuilders
{
    private static readonly IFeatureBuilder[] All = [new ScaleFreeFeatures(1), new ScaleFreeFeatures(2), new AuctionNetFeatures()];

    /// <summary>Null when no builder has this name and version.</summary>
    public static IFeatureBuilder? Find(string name, int version)
        => Array.Find(All, builder => builder.Name == name && builder.Version == version);
}

namespace AutoBid.OpenRtb.Profiles;

/// <summary>The one channel of an exchange whose events settle money; those of the other channels are recorded only.</summary>
public enum BillingSource
{
    Burl,
    Nurl,
    Stream,
}

namespace AutoBid.Engine.Events;

/// <summary>The channel on which a spend event arrived. Each exchange profile names one of them as its billing source.</summary>
public enum BillingChannel : byte
{
    Burl,
    Nurl,
    Stream,
}

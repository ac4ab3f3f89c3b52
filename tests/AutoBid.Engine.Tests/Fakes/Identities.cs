using System.Security.Cryptography;
using System.Text;
using AutoBid.Engine.Events;

namespace AutoBid.Engine.Tests.Fakes;

/// <summary>Business keys as design.md section 4 lists them; the wire's own rule lives in AutoBid.Streaming.</summary>
internal static class Identities
{
    public static EventIdentity Of(EngineEvent e)
    {
        string key = e.Kind switch
        {
            EventKind.Adjust => $"{e.Source}|{e.Auction}|{e.Imp}|{e.Bid}|{e.Id}",
            EventKind.Bill or EventKind.Win or EventKind.Loss or EventKind.Opportunity when e.Lease > 0 => $"{e.Lease}#{e.Seq}",
            EventKind.Bill or EventKind.Win or EventKind.Loss or EventKind.Opportunity => $"{e.Source}|{e.Auction}|{e.Imp}|{e.Bid}|{e.CampaignId}",
            EventKind.BidStats => $"{e.Source}|{e.CampaignId}|{e.TimeTicks}",
            EventKind.Campaign => $"{e.CampaignId}|{e.Settings!.Version}",
            _ => $"{e.Source}|{e.Auction}|{e.Count}",
        };
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{e.TenantId}|{e.Kind}|{key}"));
        return new EventIdentity(BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash, 8));
    }

    public static EngineEvent Identified(this EngineEvent e)
    {
        e.Identity = Of(e);
        return e;
    }
}

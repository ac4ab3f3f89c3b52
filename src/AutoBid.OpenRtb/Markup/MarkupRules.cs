using System.Numerics;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Writing;

namespace AutoBid.OpenRtb.Markup;

/// <summary>The mtype of a bid: it must be one that the impression offers (banner 1, video 2, audio 3, native 4).</summary>
public static class MarkupRules
{
    /// <summary>Left out, it is the only type offered; where several are offered it is required.</summary>
    /// <param name="markupType">mtype to answer, 1 to 4.</param>
    /// <param name="reason">Why the candidate drops out: <see cref="NoBidReason.MarkupNotOffered"/> or <see cref="NoBidReason.MarkupAmbiguous"/>.</param>
    public static bool TryResolve(in Imp imp, in Candidate candidate, out int markupType, out NoBidReason reason)
    {
        reason = NoBidReason.UnknownError;
        uint offered = (uint)imp.Offered;
        markupType = candidate.MarkupType;
        if (markupType != 0)
        {
            if (markupType <= 4 && (offered & (1u << (markupType - 1))) != 0) return true;
            reason = NoBidReason.MarkupNotOffered;
            return false;
        }

        if (BitOperations.PopCount(offered) == 1)
        {
            markupType = BitOperations.TrailingZeroCount(offered) + 1;
            return true;
        }

        reason = offered == 0 ? NoBidReason.MarkupNotOffered : NoBidReason.MarkupAmbiguous;
        return false;
    }
}

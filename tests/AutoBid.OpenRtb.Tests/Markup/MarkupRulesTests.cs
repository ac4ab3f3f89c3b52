using AutoBid.OpenRtb.Markup;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Tests.Reading;
using AutoBid.OpenRtb.Writing;

namespace AutoBid.OpenRtb.Tests.Markup;

public sealed class MarkupRulesTests
{
    [Theory]
    [InlineData("banner", 0, 1)]
    [InlineData("video", 0, 2)]
    [InlineData("audio", 0, 3)]
    [InlineData("native", 0, 4)]
    [InlineData("banner,video", 2, 2)]
    [InlineData("banner,video", 1, 1)]
    [InlineData("native", 4, 4)]
    public void The_type_is_the_stated_or_the_only_one(string offered, int stated, int resolved)
    {
        Assert.True(Resolve(offered, stated, out int markupType, out _));
        Assert.Equal(resolved, markupType);
    }

    [Theory]
    [InlineData("banner", 2, NoBidReason.MarkupNotOffered)]
    [InlineData("banner,video,audio,native", 5, NoBidReason.MarkupNotOffered)]
    [InlineData("banner", 33, NoBidReason.MarkupNotOffered)]
    [InlineData("", 0, NoBidReason.MarkupNotOffered)]
    [InlineData("", 1, NoBidReason.MarkupNotOffered)]
    [InlineData("banner,native", 0, NoBidReason.MarkupAmbiguous)]
    public void Otherwise_the_candidate_drops_out(string offered, int stated, NoBidReason expected)
    {
        Assert.False(Resolve(offered, stated, out _, out NoBidReason reason));
        Assert.Equal(expected, reason);
    }

    private static bool Resolve(string offered, int stated, out int markupType, out NoBidReason reason)
    {
        string formats = string.Concat(offered.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => $"\"{name}\":{{}},"));
        string mtype = stated == 0 ? "" : $",\"mtype\":{stated}";
        BidRequest request = Requests.Read($$$"""{"id":"r","imp":[{"id":"1",{{{formats}}}"ext":{"autobid":{"candidates":[{"campaign":"c","value":1{{{mtype}}} }]} } }]}""");
        return MarkupRules.TryResolve(request.Imps[0], request.Candidates[0], out markupType, out reason);
    }
}

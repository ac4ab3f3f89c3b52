using AutoBid.Core.Guarding;

namespace AutoBid.Core.Tests.Guarding;

public sealed class GuardReasonNamesTests
{
    [Fact]
    public void Every_flag_has_its_name_at_its_bit()
    {
        GuardReasons[] flags = Enum.GetValues<GuardReasons>().Where(flag => flag != GuardReasons.None).ToArray();
        Assert.Equal(GuardReasonNames.All.Count, flags.Length);
        foreach (GuardReasons flag in flags)
            Assert.Equal(flag.ToString(), string.Concat(GuardReasonNames.Of(flag).Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..])));
    }

    [Fact]
    public void Lists_come_in_list_order()
    {
        Assert.Empty(GuardReasonNames.List(GuardReasons.None));
        Assert.Equal(["budget", "step", "cap", "tmax"], GuardReasonNames.List(GuardReasons.Tmax | GuardReasons.Cap | GuardReasons.Step | GuardReasons.Budget));
    }
}

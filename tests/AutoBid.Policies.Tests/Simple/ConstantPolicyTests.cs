using AutoBid.Policies.Simple;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Simple;

public sealed class ConstantPolicyTests
{
    private readonly Days _days = new();

    [Fact]
    public void Bids_the_accounts_constant_or_the_given_one_inside_the_range()
    {
        Assert.Equal(0.8, Call.One(new ConstantPolicy(), _days.Input(d => d.Steps(9, 2))).Multiplier);
        Assert.Equal(1, Call.One(new ConstantPolicy(), _days.Input(constant: 0)).Multiplier);
        Assert.Equal(1.5, Call.One(new ConstantPolicy(1.5, "x"), _days.Input()).Multiplier);
        Assert.Equal(1.2, Call.One(new ConstantPolicy(1.5), _days.Input(max: 1.2)).Multiplier);
        Assert.False(Call.One(new ConstantPolicy(), _days.Input()).IsColdStart);
    }
}

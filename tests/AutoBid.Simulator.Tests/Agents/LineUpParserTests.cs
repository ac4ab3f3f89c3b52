using AutoBid.Core.Campaigns;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Traffic;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Agents;

public sealed class LineUpParserTests
{
    private static readonly string[] Known = ["gave", "mpc", "pid"];

    private readonly LineUpParser _parser = new(new LineUpFactory(7, prior: null), Find);

    [Fact]
    public void Reads_who_plays_where()
    {
        LineUp read = Parse("mpc:0-11, pid:12-23,gave:24,rest=mixed-3", PacingMode.TargetFirst);
        LineUp mixed = new LineUpFactory(7, null).Opponents(3, AuctionNetSeats.All);
        for (int seat = 0; seat < 48; seat++)
        {
            string expected = seat < 12 ? "mpc" : seat < 24 ? "pid" : seat == 24 ? "gave" : mixed.Agents[seat].Policy.Name;
            Assert.Equal(expected, read.Agents[seat].Policy.Name);
            Assert.Equal(AuctionNetSeats.All[seat], read.Agents[seat].Seat);
            Assert.Equal(PacingMode.TargetFirst, read.Agents[seat].Mode);
            if (seat > 24) Assert.Equal(mixed.Agents[seat].AccountConstant, read.Agents[seat].AccountConstant);
        }

        // One batch per policy: seats of one name share an instance.
        Assert.Same(read.Agents[0].Policy, read.Agents[11].Policy);
        Assert.True(read.Agents[12].FollowsExecuted);
        Assert.Equal(read.Id, Parse("mpc:0-11, pid:12-23,gave:24,rest=mixed-3").Id);
        Assert.NotEqual(read.Id, Parse("mpc:0-11,pid:12-23,gave:25,rest=mixed-3").Id);
    }

    [Theory]
    [InlineData("all=gave")]
    [InlineData("self:gave")]
    [InlineData("rest=gave")]
    [InlineData("gave:0-47")]
    public void Self_play_has_many_spellings(string text)
    {
        LineUp read = Parse(text);
        Assert.All(read.Agents, agent => Assert.Same(read.Agents[0].Policy, agent.Policy));
        Assert.Equal("gave", read.Agents[0].Policy.Name);
    }

    [Fact]
    public void Named_line_ups_are_themselves()
    {
        Assert.Equal((3, "mixed-3"), (Parse("mixed-3").Id, Parse("mixed-3").Name));
        LineUp final = Parse("final-round");
        Assert.Equal("final-round", final.Name);
        Assert.True(final.Agents.Select(agent => agent.Policy.Name).Distinct().Count() >= 5);
        Assert.Equal(final.Agents[5].Policy, Parse("mpc:0-4,rest=final-round").Agents[5].Policy);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("mpc", "'mpc'")]
    [InlineData("mpc:0-11,cbd:12-47", "'cbd:12-47': there is no policy 'cbd'")]
    [InlineData("all=cbd", "there is no policy 'cbd'")]
    [InlineData("self:cbd", "there is no policy 'cbd'")]
    [InlineData("mpc:0-47,rest=cbd", "'rest=cbd'")]
    [InlineData("mpc:0-48", "'mpc:0-48': seats run from 0 to 47")]
    [InlineData("mpc:40-99999999999", "is not a seat")]
    [InlineData("mpc:-1", "'mpc:-1'")]
    [InlineData("mpc:1-2-3", "'1-2-3' is not a seat or a range")]
    [InlineData("mpc:x", "'mpc:x'")]
    [InlineData("mpc:9-3", "backwards")]
    [InlineData("mpc:0-11,pid:11-47", "'pid:11-47': seat 11 is assigned twice")]
    [InlineData("all=mpc,pid:3", "seat 3 is assigned twice")]
    [InlineData("mpc:0-11,pid:13-47", "seat 12 is empty")]
    [InlineData("mpc:0,rest=pid,rest=mpc", "'rest=mpc': rest is already given")]
    [InlineData("mpc:0,,rest=pid", "''")]
    [InlineData("mixed-x", "'mixed-x'")]
    [InlineData("mpc:0,rest=mixed-", "'mixed-'")]
    [InlineData("mixed-3,mpc:0", "mixed-")]
    public void Errors_name_the_part(string text, string expected)
        => Assert.Contains(expected, Assert.Throws<LineUpFormatException>(() => Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_final_round_fits_its_48_seats_only()
        => Assert.Contains("48", Assert.Throws<LineUpFormatException>(() => _parser.Parse("final-round", [.. AuctionNetSeats.All.Take(8)])).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_partition_of_the_seats_is_read_back()
        => Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new System.Random(seed);
            var parts = new List<string>();
            var expected = new List<string>();
            while (expected.Count < 48)
            {
                string name = Known[random.Next(Known.Length)];
                int last = Math.Min(47, expected.Count + random.Next(6));
                parts.Add(last == expected.Count && random.Next(2) == 0 ? $"{name}:{last}" : $"{name}:{expected.Count}-{last}");
                while (expected.Count <= last) expected.Add(name);
            }

            LineUp read = Parse(string.Join(',', parts.OrderBy(_ => random.Next())));
            return read.Agents.Select(agent => agent.Policy.Name).SequenceEqual(expected);
        }).Check(Checks.Config);

    [Fact]
    public void Policies_under_test_get_their_own_prior_in_a_field_that_has_none()
    {
        var prior = new Core.Response.PopulationPrior([10, 100], [0, 1], [0, 1], 1, 100);
        LineUp field = LineUpFactory.FinalRound(AuctionNetSeats.All);
        LineUp taken = LineUpFactory.Replace(field, [0], new MpcPolicy(), prior);
        Assert.Same(prior, taken.Agents[0].Prior);
        Assert.Null(taken.Agents[1].Prior);
    }

    private LineUp Parse(string text, PacingMode mode = PacingMode.SpendFirst) => _parser.Parse(text, AuctionNetSeats.All, mode);

    private static IBidPolicy? Find(string name) => name switch
    {
        "mpc" => new MpcPolicy(),
        "pid" => new PidPolicy(),
        "gave" => new ConstantPolicy(1, "gave"),
        _ => null,
    };
}

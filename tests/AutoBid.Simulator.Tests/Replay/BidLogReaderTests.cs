using AutoBid.Policies.Simple;
using AutoBid.Simulator.Replay;

namespace AutoBid.Simulator.Tests.Replay;

public sealed class BidLogReaderTests
{
    private static readonly BidLogOptions Options = new() { Time = "ts", Value = "pctr", Price = "payprice", Budget = 100, Target = 5 };

    private static List<ReplayRow> ReadAll(string text, BidLogOptions options, BidLogKeys? keys = null)
    {
        using var file = new LogFile(text);
        using var reader = new BidLogReader(file.Path, options, keys ?? new BidLogKeys());
        var rows = new List<ReplayRow>();
        var row = new ReplayRow();
        while (reader.Read(ref row)) rows.Add(row);
        return rows;
    }

    [Fact]
    public void An_ipinyou_like_log_is_read()
    {
        const string Log =
            "bidid\tts\tua\tpayprice\tpctr\tclick\tadvertiser\n" +
            "a1\t20130607000108763\tmoz \"illa\" 5.0, (x)\t35\t0.001\t0\t1458\n" +
            "a2\t20130607003008763\t\"\t70\t0.002\t1\t1458\n" +
            "a3\t20130607235959999\t\t0\t1\t0\t3386\n" +
            "a4\t20130608000000000\tü\t20\t0\t0\t1458\n";
        var keys = new BidLogKeys();
        List<ReplayRow> rows = ReadAll(Log, Options with { Delimiter = (byte)'\t', Outcome = "click", Key = "advertiser", PriceScale = 0.001 }, keys);
        Assert.Equal([20130607, 20130607, 20130607, 20130608], rows.Select(r => r.Period));
        Assert.Equal([0, 1, 47, 0], rows.Select(r => r.Step));
        Assert.Equal([0, 0, 1, 0], rows.Select(r => r.Advertiser));
        Assert.Equal([0, 1, 0, 0], rows.Select(r => r.Opportunity));
        Assert.Equal([0.035, 0.07, 0, 0.02], rows.Select(r => r.Price));
        Assert.Equal([0.001, 0.002, 1, 0], rows.Select(r => r.Value));
        Assert.Equal([0, 1, 0, 0], rows.Select(r => (int)r.Outcome));
        Assert.All(rows, row => Assert.Equal((100, 5, 0), (row.Budget, row.Target, row.Sigma)));
        Assert.Equal(["1458", "3386"], [keys.NameOf(0), keys.NameOf(1)]);
    }

    [Fact]
    public void Columns_can_be_numbers()
    {
        ReplayRow row = Assert.Single(ReadAll("0.25|x|1370563200|3\n", Options with { Delimiter = (byte)'|', HasHeader = false, Time = "3", Value = "1", Price = "4", ValueScale = 0.5 }));
        Assert.Equal((20130607, 0, 0.125, 3.0, ReplayRow.Drawn), (row.Period, row.Step, row.Value, row.Price, row.Outcome));
    }

    [Fact]
    public void Offset_and_length_of_a_day_can_be_set()
    {
        ReplayRow row = Assert.Single(ReadAll("ts,pctr,payprice\n1370563200,0.1,1\n", Options with { UtcOffset = TimeSpan.FromHours(8) }));
        Assert.Equal((20130607, 16), (row.Period, row.Step));
        row = Assert.Single(ReadAll("ts,pctr,payprice\n1370563200,0.1,1\n", Options with { DayLength = TimeSpan.FromHours(1) }));
        Assert.Equal((1370563200 / 3600, 0), (row.Period, row.Step));
    }

    [Theory]
    [InlineData("ts,pctr,payprice\nsoon,0.1,1", 2, "ts", "'soon' is no time")]
    [InlineData("ts,pctr,payprice\n0,0.1,1\n0,2,1", 3, "pctr", "2 x 1 is above 1")]
    [InlineData("ts,pctr,payprice\n0,-0.1,1", 2, "pctr", "below 0")]
    [InlineData("ts,pctr,payprice\n0,0.1,nan", 2, "payprice", "not a finite number")]
    [InlineData("ts,pctr,payprice\n0,0.1,-3", 2, "payprice", "below 0")]
    [InlineData("ts,pctr,payprice\n0,0.1", 2, "payprice", "the row has 2 fields, 3 are needed")]
    [InlineData("ts,ctr,payprice\n0,0.1,1", 1, "pctr", "no such column")]
    public void Bad_rows_are_named_with_their_place(string log, int line, string column, string what)
    {
        var error = Assert.Throws<LogFormatException>(() => ReadAll(log, Options));
        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Outcomes_are_zero_or_one()
        => Assert.Equal("click", Assert.Throws<LogFormatException>(() => ReadAll("ts,pctr,payprice,click\n0,0.1,1,2", Options with { Outcome = "click" })).Column);

    [Fact]
    public void Numbered_columns_must_be_there()
    {
        var error = Assert.Throws<LogFormatException>(() => ReadAll("0,0.1", Options with { HasHeader = false, Time = "1", Value = "2", Price = "3" }));
        Assert.Equal((1, "3"), (error.Line, error.Column));
    }

    [Fact]
    public void Options_that_contradict_each_other_are_refused()
    {
        foreach (BidLogOptions options in (BidLogOptions[])
            [
                Options with { Budget = double.NaN }, Options with { Budget = -1 }, Options with { Target = 0 }, Options with { ValueScale = 0 }, Options with { PriceScale = double.PositiveInfinity },
                Options with { HasHeader = false }, Options with { HasHeader = false, Time = "0", Value = "1", Price = "2" }, Options with { Delimiter = (byte)'"' },
                Options with { DayLength = TimeSpan.FromSeconds(47) }, Options with { UtcOffset = TimeSpan.FromHours(15) },
            ])
        {
            Assert.Throws<ArgumentException>(options.Check);
        }
    }

    [Fact]
    public void Days_and_campaigns_are_keys_and_time_runs_forward()
    {
        const string Log = "ts,pctr,payprice,c\n0,0.5,1,x\n10,0.5,1,y\n3600,0.5,1,x\n90000,0.5,1,x\n";
        var replay = new LogReplay(new ReplayOptions { Policies = [new ConstantPolicy()] });
        using var file = new LogFile(Log);
        using (var reader = new BidLogReader(file.Path, Options with { Key = "c" }, new BidLogKeys())) replay.Read(reader);
        ReplayResult result = replay.Finish();
        Assert.Equal([(19700101, "x", 2), (19700101, "y", 1), (19700102, "x", 1)], result.Scores.Select(s => (s.Period, s.Advertiser, s.Wins)));
        Assert.All(result.Scores, score => Assert.Null(score.Realised));

        using var backwards = new LogFile("ts,pctr,payprice\n3600,0.5,1\n0,0.5,1\n");
        using var again = new BidLogReader(backwards.Path, Options, new BidLogKeys());
        var error = Assert.Throws<LogFormatException>(() => new LogReplay(new ReplayOptions { Policies = [new ConstantPolicy()] }).Read(again));
        Assert.Equal((3, "ts"), (error.Line, error.Column));
    }
}

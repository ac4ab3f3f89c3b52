using System.Globalization;
using System.Text;
using AutoBid.Simulator.Replay;

namespace AutoBid.Simulator.Tests.Replay;

public sealed class LogTimeTests
{
    private const long Day = 86_400_000, EightHours = 8 * 3_600_000;

    [Theory]
    [InlineData("1370563200", "2013-06-07 08:00:00.000")]
    [InlineData("1370563200.25", "2013-06-07 08:00:00.250")]
    [InlineData("1370563200123", "2013-06-07 08:00:00.123")]
    [InlineData("0", "1970-01-01 08:00:00.000")]
    [InlineData("20130607000108", "2013-06-07 00:01:08.000")]
    [InlineData("20130607000108763", "2013-06-07 00:01:08.763")]
    [InlineData("2013-06-07T00:01:08", "2013-06-07 00:01:08.000")]
    [InlineData("2013-06-07 00:01", "2013-06-07 00:01:00.000")]
    [InlineData("2013-06-07T00:01:08.7639Z", "2013-06-07 08:01:08.763")]
    [InlineData("2013-06-07T00:01:08+02:00", "2013-06-07 06:01:08.000")]
    [InlineData("2013-06-07T00:01:08-0230", "2013-06-07 10:31:08.000")]
    [InlineData("2013-06-07T00:01:08.5+02", "2013-06-07 06:01:08.500")]
    [InlineData("2012-02-29T23:59:59", "2012-02-29 23:59:59.000")]
    public void Times_are_local(string text, string local)
    {
        Assert.True(LogTime.TryParse(Encoding.UTF8.GetBytes(text), EightHours, out long milliseconds));
        Assert.Equal(local, DateTime.UnixEpoch.AddMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("-5")]
    [InlineData("123456789012345")]
    [InlineData("20130632000108")]
    [InlineData("20131307000108")]
    [InlineData("20130607240108")]
    [InlineData("20130607006108")]
    [InlineData("20130607000160")]
    [InlineData("20130229000000")]
    [InlineData("00010101000000")]
    [InlineData("99990101000000")]
    [InlineData("2013-06-07")]
    [InlineData("2013-06-07T00")]
    [InlineData("2013/06/07 00:00")]
    [InlineData("2013-06-07T00:01:08.")]
    [InlineData("2013-06-07T00:01:08+2")]
    [InlineData("2013-06-07T00:01:08+02:0")]
    [InlineData("2013-06-07T00:01:08 UTC")]
    [InlineData("1.5.2")]
    public void Other_things_are_not(string text) => Assert.False(LogTime.TryParse(Encoding.UTF8.GetBytes(text), 0, out _));

    [Theory]
    [InlineData(0, Day, 19700101, 0)]
    [InlineData(Day - 1, Day, 19700101, 47)]
    [InlineData(Day + 1_799_999, Day, 19700102, 0)]
    [InlineData(Day + 1_800_000, Day, 19700102, 1)]
    [InlineData(-1, Day, 19691231, 47)]
    [InlineData(3_600_000, 3_600_000, 1, 0)]
    [InlineData(3_599_999, 3_600_000, 0, 47)]
    [InlineData(75_000, 3_600_000, 0, 1)]
    public void Days_have_forty_eight_steps(long local, long length, int period, int step)
    {
        LogTime.Locate(local, length, out int foundPeriod, out int foundStep);
        Assert.Equal((period, step), (foundPeriod, foundStep));
    }
}

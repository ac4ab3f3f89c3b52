using System.Text;
using AutoBid.OpenRtb.Notices;

namespace AutoBid.OpenRtb.Tests.Notices;

public sealed class NoticeUrlTests
{
    [Theory]
    [InlineData("https://bid.example", "https://bid.example/openrtb2/notice/win?t=T&p=")]
    [InlineData("http://10.0.0.1:8080/", "http://10.0.0.1:8080/openrtb2/notice/win?t=T&p=")]
    [InlineData("https://bid.example/a b/", "https://bid.example/a%20b/openrtb2/notice/win?t=T&p=")]
    [InlineData("https://bücher.example/\"x", "https://xn--bcher-kva.example/%22x/openrtb2/notice/win?t=T&p=")]
    public void The_base_becomes_ascii_that_needs_no_escaping(string root, string start)
        => Assert.StartsWith(start, Write(root, NoticeKind.Win), StringComparison.Ordinal);

    [Theory]
    [InlineData(NoticeKind.Win, "win")]
    [InlineData(NoticeKind.Bill, "bill")]
    [InlineData(NoticeKind.Loss, "loss")]
    public void Every_kind_has_its_path(NoticeKind kind, string segment)
        => Assert.Equal($"https://bid.example/openrtb2/notice/{segment}?t=T&p=${{AUCTION_PRICE}}&c=${{AUCTION_CURRENCY}}&l=${{AUCTION_LOSS}}&m=${{AUCTION_MIN_TO_WIN}}",
            Write("https://bid.example", kind));

    [Theory]
    [InlineData("ftp://bid.example")]
    [InlineData("https://bid.example/?a=b")]
    [InlineData("https://bid.example/#x")]
    [InlineData("https://user:word@bid.example/")]
    public void Other_bases_are_refused(string root) => Assert.Throws<ArgumentException>(() => new NoticeUrl(new Uri(root)));

    [Fact]
    public void A_relative_base_is_refused() => Assert.Throws<ArgumentException>(() => new NoticeUrl(new Uri("/notice", UriKind.Relative)));

    private static string Write(string root, NoticeKind kind)
    {
        var urls = new NoticeUrl(new Uri(root));
        byte[] buffer = new byte[urls.LengthFor("T"u8)];
        return Encoding.ASCII.GetString(buffer, 0, urls.Write(kind, "T"u8, buffer));
    }
}

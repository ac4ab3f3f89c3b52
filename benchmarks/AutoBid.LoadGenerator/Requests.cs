using System.Globalization;
using System.Text;

namespace AutoBid.LoadGenerator;

/// <summary>Bid requests as bytes on the wire: one banner impression, eight candidates out of all campaigns.</summary>
internal static class Requests
{
    public const int Campaigns = 1_000;
    private const int Candidates = 8;

    /// <summary>A campaign whose budget no run can spend.</summary>
    public static string Campaign(int i)
        => $$"""{"id":"c{{i}}","objective":"TargetCpa","dailyBudget":900000000,"target":25,"policy":"mpc"}""";

    public static byte[][] Build(int count, int port)
    {
        var random = new Random(1);
        var requests = new byte[count][];
        for (int r = 0; r < count; r++)
        {
            var body = new StringBuilder();
            body.Append(CultureInfo.InvariantCulture, $$"""{"id":"auction-{{r:D8}}","at":1,"tmax":100,"cur":["USD"],"site":{"id":"s1","domain":"example.com","page":"https://example.com/a/b"},"device":{"ua":"Mozilla/5.0 (X11; Linux x86_64)","os":"Linux","language":"en"},"imp":[{"id":"1","banner":{"w":300,"h":250,"format":[{"w":300,"h":250},{"w":320,"h":50}]},"bidfloor":0.01,"bidfloorcur":"USD","ext":{"autobid":{"candidates":[""");
            for (int c = 0; c < Candidates; c++)
            {
                if (c > 0) body.Append(',');
                body.Append(CultureInfo.InvariantCulture, $$"""{"campaign":"c{{random.Next(Campaigns)}}","value":{{0.0005 + random.NextDouble() * 0.002:F7}},"crid":"creative-{{c}}","adomain":["example.com"],"adm":"<a href=\"https://example.com/click\"><img src=\"https://example.com/ad.png\"></a>","w":300,"h":250}""");
            }

            body.Append("]}}}]}");
            string text = body.ToString();
            requests[r] = Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"POST /openrtb2/bid HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {text.Length}\r\n\r\n{text}"));
        }

        return requests;
    }
}

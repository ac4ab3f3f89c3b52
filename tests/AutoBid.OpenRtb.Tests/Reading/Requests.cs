using System.Text;
using AutoBid.OpenRtb.Reading;

namespace AutoBid.OpenRtb.Tests.Reading;

/// <summary>Requests as exchanges send them, and ways to read them.</summary>
internal static class Requests
{
    public const string Banner = """
        {
          "id": "80ce30c53c16e6ede735f123ef6e32361bfc7b22",
          "at": 1, "tmax": 120, "cur": ["USD", "EUR"], "test": 0,
          "imp": [{
            "id": "1", "secure": 1, "bidfloor": 0.03, "bidfloorcur": "USD",
            "banner": { "w": 300, "h": 250, "pos": 0, "format": [{ "w": 300, "h": 250 }] },
            "ext": { "gpid": "/1/home", "autobid": { "candidates": [
              { "campaign": "c1", "value": 0.0007, "crid": "cr-1", "adomain": ["shop.example"], "adm": "<a href=\"https://shop.example/\">x</a>", "w": 300, "h": 250, "cat": ["IAB3", "IAB1-2"] },
              { "campaign": "c2", "value": 1.5e-4, "crid": "cr-2", "mtype": 1 } ] } }
          }],
          "site": { "id": "102855", "domain": "news.example", "publisher": { "id": "8953" } },
          "device": { "ua": "Mozilla/5.0", "ip": "203.0.113.7", "ifa": "secret-ifa" },
          "user": { "id": "secret-user", "buyeruid": "secret-buyer" }
        }
        """;

    public const string VideoDeals = """
        {"id":"vid-1","at":2,"cur":["EUR"],"wseat":["seat-7","seat-9"],"imp":[{"id":"v1","bidfloor":4.5,"bidfloorcur":"EUR",
        "video":{"mimes":["video/mp4"],"minduration":5,"maxduration":30,"w":640,"h":360},
        "pmp":{"private_auction":1,"deals":[{"id":"D-1","bidfloor":6.25,"bidfloorcur":"EUR","at":1,"wseat":["x"]},{"id":"D-2","bidfloor":3,"bidfloorcur":"EUR","at":3}]},
        "ext":{"autobid":{"candidates":[{"campaign":"c9","value":0.02,"crid":"v-1","adm":"<VAST version=\"4.0\"/>","dur":15,"deals":["D-9","D-1"]}]}}}]}
        """;

    public const string MultiImp = """
        {"id":"m-1","imp":[
        {"id":"a","banner":{},"ext":{"autobid":{"candidates":[{"campaign":"c1","value":1},{"campaign":"c2","value":2}]}}},
        {"id":"b","banner":{},"video":{},"bidfloor":0},
        {"id":"c","audio":{},"pmp":{"deals":[{"id":"d"}]},"ext":{"autobid":{"candidates":[{"campaign":"c3","value":3,"mtype":3,"deals":["d"]}]}}}]}
        """;

    public const string Escapes = """
        {"id":"a\u00fcction \"1\"\/\ud83d\ude00","imp":[{"id":"Größe\n1","native":{"request":"{\"ver\":\"1.2\"}"},"b\u0069dfloor":0.25,
        "ext":{"autobid":{"candidates":[{"campaign":"Schl\u00fcssel","value":0.5,"crid":"漢字\t","adm":"{\"native\":{\"assets\":[]}}"}]}}}]}
        """;

    public static byte[] Utf8(string json) => Encoding.UTF8.GetBytes(json);

    public static BidRequest Read(string json)
    {
        var request = new BidRequest();
        Assert.True(BidRequestReader.TryRead(Utf8(json), request, out RequestError error), error.ToString());
        return request;
    }

    public static RequestError Refused(string json) => Refused(Utf8(json));

    public static RequestError Refused(byte[] body)
    {
        var request = new BidRequest();
        Assert.False(BidRequestReader.TryRead(body, request, out RequestError error));
        Assert.NotEqual(RequestErrorKind.None, error.Kind);
        Assert.Equal(400, error.HttpStatus);
        Assert.Equal(0, request.Imps.Length);
        Assert.True(request.Body.IsEmpty);
        return error;
    }

    /// <summary>A request of one banner imp, given the fields of the imp beside its id and banner.</summary>
    public static string WithImp(string fields) => $$"""{"id":"r","imp":[{"id":"i","banner":{},{{fields}}}]}""";

    public static string WithCandidate(string fields) => WithImp($$$"""
        "ext":{"autobid":{"candidates":[{{{{fields}}}}]}}
        """);

    public static string Text(this BidRequest request, JsonText text, bool raw = false)
        => Encoding.UTF8.GetString(raw ? request.Raw(text) : request.Text(text));

    public static string Text(this BidRequest request, JsonSlice slice) => Encoding.UTF8.GetString(request.Raw(slice));

    /// <summary>A display request as a DSP sends it with eight ranked candidates; about 3 KB.</summary>
    public static string Typical(int candidates = 8)
    {
        var json = new StringBuilder("""
            {"id":"0f8fad5b-d9cb-469f-a165-70867728950e","at":1,"tmax":150,"cur":["USD"],
            "site":{"id":"102855","domain":"news.example","page":"https://news.example/world/2026/07/01/a-long-headline-about-something","cat":["IAB12"],"publisher":{"id":"8953","name":"News Example"}},
            "device":{"ua":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36","ip":"203.0.113.7","language":"en","os":"Windows","devicetype":2,"geo":{"country":"USA","region":"NY"}},
            "user":{"id":"55816b39711f9b5acf3b90e313ed29e51665623f"},
            "imp":[{"id":"1","bidfloor":0.03,"bidfloorcur":"USD","secure":1,"banner":{"w":300,"h":250,"format":[{"w":300,"h":250},{"w":336,"h":280}],"battr":[13]},"ext":{"autobid":{"candidates":[
            """);
        for (int i = 0; i < candidates; i++)
        {
            if (i > 0) json.Append(',');
            json.Append("{\"campaign\":\"campaign-").Append(1000 + i).Append("\",\"value\":0.000").Append(71 + i)
                .Append(",\"crid\":\"creative-").Append(i).Append("\",\"adomain\":[\"advertiser").Append(i)
                .Append(".example\"],\"adm\":\"<a href=\\\"https://advertiser.example/landing?c=").Append(i)
                .Append("\\\"><img src=\\\"https://cdn.example/creatives/").Append(i).Append(".jpg\\\"></a>\",\"w\":300,\"h\":250,\"cat\":[\"IAB3\"]}");
        }

        return json.Append("]}}}]}").ToString();
    }
}

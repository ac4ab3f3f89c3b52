using Microsoft.Net.Http.Headers;

namespace AutoBid.Server.Metrics;

/// <summary>The scrape endpoint: 200 with the page, 503 when the metrics cannot be collected.</summary>
internal static class PrometheusEndpoint
{
    private const string OpenMetricsType = "application/openmetrics-text";

    public static async Task AnswerAsync(HttpContext context, PrometheusExposition exposition)
    {
        HttpResponse response = context.Response;
        response.Headers.CacheControl = "no-store";
        PrometheusPage page;
        try
        {
            page = await exposition.ScrapeAsync().ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        PrometheusFormat format = Choose(context.Request.Headers.Accept.ToArray());
        ReadOnlyMemory<byte> bytes = page.Bytes(format);
        response.ContentType = format == PrometheusFormat.Text
            ? "text/plain; version=0.0.4; charset=utf-8"
            : "application/openmetrics-text; version=1.0.0; charset=utf-8";
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>OpenMetrics when the Accept header names a version of it that we write and no text type with a higher quality; text otherwise.</summary>
    internal static PrometheusFormat Choose(IList<string?> accept)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. accept.Where(static a => a is not null).Select(static a => a!)], out IList<MediaTypeHeaderValue>? types))
            return PrometheusFormat.Text;
        double open = 0, text = 0;
        foreach (MediaTypeHeaderValue type in types)
        {
            double quality = type.Quality ?? 1;
            if (type.MediaType.Equals(OpenMetricsType, StringComparison.OrdinalIgnoreCase))
            {
                if (VersionOf(type) is "" or "1.0.0") open = Math.Max(open, quality);
            }
            else if (type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase))
            {
                text = Math.Max(text, quality);
            }
        }

        return open > 0 && open >= text ? PrometheusFormat.OpenMetrics : PrometheusFormat.Text;
    }

    private static string VersionOf(MediaTypeHeaderValue type)
    {
        foreach (NameValueHeaderValue parameter in type.Parameters)
        {
            if (parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase)) return parameter.Value.ToString().Trim('"');
        }

        return "";
    }
}

namespace AutoBid.Server.Http;

/// <summary>RFC 9457 problem details.</summary>
public static class Problems
{
    public static IResult Of(int status, string detail) => Results.Problem(detail, statusCode: status);

    /// <summary>What <see cref="PooledBody.ReadAsync"/> found wrong with a body.</summary>
    public static IResult OfBody(int status, int limit) => Of(status, status switch
    {
        StatusCodes.Status413PayloadTooLarge => $"The body is larger than {limit} bytes, decompressed.",
        StatusCodes.Status415UnsupportedMediaType => "Content-Encoding: gzip, deflate, br or none.",
        _ => "The body cannot be decompressed.",
    });

    /// <summary>400 with one message per field.</summary>
    public static IResult Invalid(IEnumerable<KeyValuePair<string, string>> errors)
        => Results.ValidationProblem(errors.GroupBy(e => e.Key).ToDictionary(g => g.Key, g => g.Select(e => e.Value).ToArray()), statusCode: 400);
}

namespace AutoBid.Server.Http;

/// <summary>RFC 9457 problem details.</summary>
public static class Problems
{
    public static IResult Of(int status, string detail) => Results.Problem(detail, statusCode: status);

    /// <summary>400 with one message per field.</summary>
    public static IResult Invalid(IEnumerable<KeyValuePair<string, string>> errors)
        => Results.ValidationProblem(errors.GroupBy(e => e.Key).ToDictionary(g => g.Key, g => g.Select(e => e.Value).ToArray()), statusCode: 400);
}

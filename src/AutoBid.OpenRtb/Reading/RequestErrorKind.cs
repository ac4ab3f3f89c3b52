namespace AutoBid.OpenRtb.Reading;

/// <summary>Why a body is not a usable bid request. All of them are answered with HTTP 400 and an empty body.</summary>
public enum RequestErrorKind
{
    None = 0,

    /// <summary>Not JSON, not UTF-8, deeper than 64, or followed by more text.</summary>
    MalformedJson,

    /// <summary>A required field is absent or empty.</summary>
    Missing,

    /// <summary>A field has another JSON type than OpenRTB gives it.</summary>
    WrongType,

    /// <summary>A number that is negative, not finite or out of range, a currency that is no ISO 4217 code, or an identifier that is too long.</summary>
    OutOfRange,

    /// <summary>More entries than <see cref="RequestLimits"/> allows.</summary>
    TooMany,
}

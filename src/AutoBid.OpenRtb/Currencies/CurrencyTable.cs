using System.Globalization;
using System.Text.Json;

namespace AutoBid.OpenRtb.Currencies;

/// <summary>
/// Dated exchange rates. JSON: <c>{"base": "USD", "maxAgeDays": 7, "days": [{"date": "2026-07-01", "rates": {"EUR": 1.0842}}]}</c>, a rate being
/// units of the base for one unit of the currency. The rates of a day are those of the latest date not after it, at most maxAgeDays
/// old (absent: of any age); before the first date, or past that age, no rate is known and such requests end in no-bid `currency`.
/// </summary>
public sealed class CurrencyTable
{
    private readonly int[] _days;
    private readonly CurrencyRates[] _rates;
    private readonly int? _maxAgeDays;

    private CurrencyTable(int[] days, CurrencyRates[] rates, int? maxAgeDays)
    {
        _days = days;
        _rates = rates;
        _maxAgeDays = maxAgeDays;
    }

    /// <summary>Without any rate.</summary>
    public static CurrencyTable Empty { get; } = new([], [], null);

    /// <summary>Reads the JSON text.</summary>
    /// <exception cref="FormatException">Not JSON, or a currency, date or rate that cannot be used; the message names it.</exception>
    public static CurrencyTable Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            CurrencyCode baseCurrency = CurrencyCode.Parse(root.GetProperty("base").GetString() ?? "");
            int? maxAge = root.TryGetProperty("maxAgeDays", out JsonElement age) ? age.GetInt32() : null;
            var days = new SortedDictionary<int, CurrencyRates>();
            foreach (JsonElement day in root.GetProperty("days").EnumerateArray())
            {
                int date = ParseDate(day.GetProperty("date").GetString() ?? "");
                if (!days.TryAdd(date, ParseRates(baseCurrency, day.GetProperty("rates")))) throw new FormatException($"Date {date} is there twice.");
            }

            return new CurrencyTable([.. days.Keys], [.. days.Values], maxAge);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new FormatException($"Currency table: {e.Message}", e);
        }
    }

    /// <summary>Reads a JSON file.</summary>
    /// <exception cref="FormatException">See <see cref="Parse"/>.</exception>
    public static CurrencyTable Load(string path) => Parse(File.ReadAllBytes(path));

    /// <summary>Rates that hold on a day; never null, <see cref="CurrencyRates.Empty"/> when there are none.</summary>
    /// <param name="day">Calendar day as yyyymmdd.</param>
    public CurrencyRates ForDay(int day)
    {
        int at = Array.BinarySearch(_days, day);
        if (at < 0) at = ~at - 1;
        if (at < 0) return CurrencyRates.Empty;
        if (_maxAgeDays is { } most && DayNumber(day) - DayNumber(_days[at]) > most) return CurrencyRates.Empty;
        return _rates[at];
    }

    private static CurrencyRates ParseRates(CurrencyCode baseCurrency, JsonElement json)
    {
        var rates = new Dictionary<CurrencyCode, decimal>();
        foreach (JsonProperty rate in json.EnumerateObject())
        {
            CurrencyCode code = CurrencyCode.Parse(rate.Name);
            if (code == baseCurrency) throw new FormatException($"{code} is the base and takes no rate.");
            if (!rate.Value.TryGetDecimal(out decimal value)) throw new FormatException($"Rate of {code} is not a number.");
            if (!rates.TryAdd(code, value)) throw new FormatException($"Rate of {code} is there twice on a day.");
        }

        return new CurrencyRates(baseCurrency, rates);
    }

    private static int ParseDate(string text)
    {
        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date))
            throw new FormatException($"'{text}' is not a date like 2026-07-01.");
        return (date.Year * 10_000) + (date.Month * 100) + date.Day;
    }

    private static int DayNumber(int day) => new DateOnly(day / 10_000, day / 100 % 100, day % 100).DayNumber;
}

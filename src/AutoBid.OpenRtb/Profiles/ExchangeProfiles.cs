using System.Globalization;
using System.Text.Json;
using AutoBid.OpenRtb.Currencies;

namespace AutoBid.OpenRtb.Profiles;

/// <summary>
/// Profiles by name. JSON: <c>{"profiles": [{"name": "exch-a", "billingSource": "burl", "currency": "USD", "seat": "42", "minimumToWin": true,
/// "notices": ["burl", "lurl"], "lossAssumedAfter": "00:05:00", "lossAssumedAfterByType": {"video": "00:30:00"}}]}</c>; all but the name may be
/// left out. lossAssumedAfter holds for every type without its own. An unknown field is an error: a misspelt billing source must not fall
/// back in silence.
/// </summary>
public sealed class ExchangeProfiles
{
    private static readonly string[] TypeNames = ["banner", "video", "audio", "native"];

    private readonly Dictionary<string, ExchangeProfile> _profiles;

    private ExchangeProfiles(Dictionary<string, ExchangeProfile> profiles)
    {
        profiles.TryAdd(ExchangeProfile.DefaultName, ExchangeProfile.Default);
        _profiles = profiles;
    }

    /// <summary>Only the default profile.</summary>
    public static ExchangeProfiles BuiltIn { get; } = new([]);

    /// <summary>Every profile, the default among them.</summary>
    public IReadOnlyCollection<ExchangeProfile> All => _profiles.Values;

    /// <summary>The profile used when a request names none.</summary>
    public ExchangeProfile Default => _profiles[ExchangeProfile.DefaultName];

    /// <summary>Longest lossAssumedAfter of all profiles: how much longer than its lease a hold can live.</summary>
    public TimeSpan LongestLossAssumedAfter => _profiles.Values.Max(profile => profile.LongestLossAssumedAfter);

    /// <summary>Finds a profile by its exact name.</summary>
    public bool TryGet(string name, out ExchangeProfile profile)
    {
        bool found = _profiles.TryGetValue(name, out ExchangeProfile? hit);
        profile = hit ?? Default;
        return found;
    }

    /// <summary>Reads the JSON text.</summary>
    /// <exception cref="FormatException">Not JSON, or something in it cannot be used; the message names it.</exception>
    public static ExchangeProfiles Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            var profiles = new Dictionary<string, ExchangeProfile>(StringComparer.Ordinal);
            foreach (JsonElement element in document.RootElement.GetProperty("profiles").EnumerateArray())
            {
                ExchangeProfile profile = ParseProfile(element);
                if (!profiles.TryAdd(profile.Name, profile)) throw new FormatException($"Profile {profile.Name} is there twice.");
            }

            return new ExchangeProfiles(profiles);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new FormatException($"Exchange profiles: {e.Message}", e);
        }
    }

    /// <summary>Reads a JSON file.</summary>
    /// <exception cref="FormatException">See <see cref="Parse"/>.</exception>
    public static ExchangeProfiles Load(string path) => Parse(File.ReadAllBytes(path));

    private static ExchangeProfile ParseProfile(JsonElement element)
    {
        string name = "";
        BillingSource source = BillingSource.Burl;
        CurrencyCode currency = default;
        string? seat = null;
        bool minimumToWin = false;
        NoticeChannels channels = NoticeChannels.All;
        TimeSpan? common = null;
        var byType = new Dictionary<int, TimeSpan>();
        foreach (JsonProperty field in element.EnumerateObject())
        {
            switch (field.Name)
            {
                case "name": name = field.Value.GetString() ?? ""; break;
                case "billingSource": source = ParseSource(field.Value.GetString()); break;
                case "currency": currency = CurrencyCode.Parse(field.Value.GetString() ?? ""); break;
                case "seat": seat = field.Value.GetString(); break;
                case "minimumToWin": minimumToWin = field.Value.GetBoolean(); break;
                case "notices": channels = ParseChannels(field.Value); break;
                case "lossAssumedAfter": common = ParseTime(field.Value.GetString()); break;
                case "lossAssumedAfterByType":
                    foreach (JsonProperty type in field.Value.EnumerateObject()) byType[ParseType(type.Name)] = ParseTime(type.Value.GetString());
                    break;
                default: throw new FormatException($"Unknown field '{field.Name}' in an exchange profile.");
            }
        }

        if (common is { } time)
        {
            for (int markupType = 1; markupType <= TypeNames.Length; markupType++) byType.TryAdd(markupType, time);
        }

        return new ExchangeProfile(name, source, currency, seat, minimumToWin, channels, byType);
    }

    private static BillingSource ParseSource(string? text) => text switch
    {
        "burl" => BillingSource.Burl,
        "nurl" => BillingSource.Nurl,
        "stream" => BillingSource.Stream,
        _ => throw new FormatException($"billingSource '{text}' is not burl, nurl or stream."),
    };

    private static NoticeChannels ParseChannels(JsonElement list)
    {
        NoticeChannels channels = NoticeChannels.None;
        foreach (JsonElement entry in list.EnumerateArray())
        {
            channels |= entry.GetString() switch
            {
                "burl" => NoticeChannels.Burl,
                "nurl" => NoticeChannels.Nurl,
                "lurl" => NoticeChannels.Lurl,
                var other => throw new FormatException($"Notice '{other}' is not burl, nurl or lurl."),
            };
        }

        return channels;
    }

    private static int ParseType(string name)
    {
        int index = Array.IndexOf(TypeNames, name);
        return index >= 0 ? index + 1 : throw new FormatException($"Markup type '{name}' is not banner, video, audio or native.");
    }

    private static TimeSpan ParseTime(string? text)
        => TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out TimeSpan time)
            ? time
            : throw new FormatException($"'{text}' is not a time like 00:05:00.");
}

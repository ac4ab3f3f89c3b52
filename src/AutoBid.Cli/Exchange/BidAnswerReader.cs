using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using AutoBid.Core.Money;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange;

/// <summary>Reads OpenRTB 2.6 bid responses the way a strict exchange does: one bid for the one impression asked for, in USD, at an exact price.</summary>
internal sealed class BidAnswerReader(IEnumerable<string> campaigns)
{
    private const string NotReadable = "not readable as a bid response";

    private readonly byte[][] _campaigns = [.. campaigns.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Reads an answer into <paramref name="into"/>.</summary>
    /// <param name="auction">Id of the request.</param>
    /// <returns>Null, or what is wrong with the answer.</returns>
    public string? Read(ReadOnlySpan<byte> json, ReadOnlySpan<byte> auction, BidAnswer into)
    {
        into.Clear();
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return "not a JSON object";
            string? error = null;
            bool named = false;
            while (error is null && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8))
                {
                    reader.Read();
                    named = reader.ValueTextEquals(auction);
                }
                else if (reader.ValueTextEquals("cur"u8))
                {
                    reader.Read();
                    if (!reader.ValueTextEquals("USD"u8)) error = "an answer in another currency than asked for";
                }
                else if (reader.ValueTextEquals("nbr"u8))
                {
                    reader.Read();
                    into.NoBidReason = reader.GetInt32();
                }
                else if (reader.ValueTextEquals("seatbid"u8)) error = ReadSeats(ref reader, into);
                else reader.Skip();
            }

            return error ?? (named ? null : "the answer to another request");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return NotReadable;
        }
    }

    /// <summary>The whole HTTP answer as the exchange takes it; a no-bid is named by its nbr, or 204 for an answer without a body.</summary>
    public MarketAnswer ToAnswer(HttpStatusCode status, ReadOnlySpan<byte> body, ReadOnlySpan<byte> auction, BidAnswer into)
    {
        if (status == HttpStatusCode.NoContent) return MarketAnswer.NoBid("204");
        if (status != HttpStatusCode.OK) return MarketAnswer.Failed(string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)status}"));
        if (Read(body, auction, into) is { } error) return MarketAnswer.Failed(error);
        return into.HasBid
            ? MarketAnswer.Bid(into.Campaign, into.PriceNanos)
            : MarketAnswer.NoBid(into.NoBidReason?.ToString(CultureInfo.InvariantCulture) ?? "none");
    }

    private string? ReadSeats(ref Utf8JsonReader reader, BidAnswer into)
    {
        if (!IsArray(ref reader)) return NotReadable;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject) return NotReadable;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!reader.ValueTextEquals("bid"u8))
                {
                    reader.Skip();
                    continue;
                }

                if (!IsArray(ref reader)) return NotReadable;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (reader.TokenType != JsonTokenType.StartObject) return NotReadable;
                    if (into.HasBid) return "more than one bid for one impression";
                    if (ReadBid(ref reader, into) is { } error) return error;
                }
            }
        }

        return null;
    }

    private string? ReadBid(ref Utf8JsonReader reader, BidAnswer into)
    {
        bool ourImpression = false;
        decimal cpm = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8)) into.BidId = Text(ref reader);
            else if (reader.ValueTextEquals("nurl"u8)) into.WinUrl = Text(ref reader);
            else if (reader.ValueTextEquals("burl"u8)) into.BillUrl = Text(ref reader);
            else if (reader.ValueTextEquals("lurl"u8)) into.LossUrl = Text(ref reader);
            else if (reader.ValueTextEquals("impid"u8))
            {
                reader.Read();
                ourImpression = reader.ValueTextEquals("1"u8);
            }
            else if (reader.ValueTextEquals("price"u8))
            {
                reader.Read();
                cpm = reader.GetDecimal();
            }
            else if (reader.ValueTextEquals("cid"u8))
            {
                reader.Read();
                into.Campaign = Find(ref reader);
            }
            else reader.Skip();
        }

        if (!ourImpression) return "a bid for an unknown impression";
        if (into.Campaign < 0) return "a bid of an unknown campaign";
        decimal nanos = cpm * Nanos.PerCpm;
        if (nanos <= 0 || nanos > Nanos.Max || decimal.Truncate(nanos) != nanos) return "a price that is not above 0 with at most six decimals";
        into.PriceNanos = (long)nanos;
        into.HasBid = true;
        return null;
    }

    private static bool IsArray(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.StartArray;
    }

    private int Find(ref Utf8JsonReader reader)
    {
        for (int i = 0; i < _campaigns.Length; i++)
        {
            if (reader.ValueTextEquals(_campaigns[i])) return i;
        }

        return -1;
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString() ?? "";
    }
}
